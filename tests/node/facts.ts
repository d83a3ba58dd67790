/** The facts of the tests, the same in Node and in Chromium: vectors, and trust lists made of rows. */
import { parseTrustList, type TrustList } from "../../verifier/web/client/trust/trust_list.ts";
import { GIVEN } from "./given.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface OurCode {
  readonly name: string;
  readonly why: string;
  readonly raw: string;
  readonly fields?: readonly (readonly [string, string, boolean])[];
  readonly annex?: string | null;
  readonly findings?: readonly string[];
  readonly dated?: readonly string[];
  readonly signature?: "valid" | "invalid";
  readonly error?: string;
  readonly scan_again?: boolean;
  readonly repaired_as?: string | null;
}

export interface SharedCode {
  readonly name: string;
  readonly raw: string;
  readonly raw_with_binary_signature_latin1?: string;
  readonly version: number;
  readonly doc_type: string;
  readonly perimeter: string | null;
  readonly country: string | null;
  readonly ca: string;
  readonly cert: string;
  readonly issue_date: string | null;
  readonly signature_date: string;
  readonly field_order: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  readonly truncated: readonly string[];
  readonly annex_fields?: Readonly<Record<string, string>>;
  readonly findings: readonly string[];
  readonly signature_bytes: number;
  readonly expected_signature: "valid" | "invalid" | "no-key";
  readonly expected_test_mode: { readonly indication: string; readonly sub_indication: string | null };
  readonly expected_production: { readonly indication: string; readonly sub_indication: string | null };
}

/** Symbols of one code, in the order met, and what they hold or lack. */
export interface OurSet {
  readonly name: string;
  readonly why: string;
  readonly symbols: readonly string[];
  readonly joined: string | null;
  readonly error: string | null;
  readonly missing: readonly number[] | null;
}

export interface OurFile {
  readonly sets: readonly OurSet[];
  readonly public_key_pem: string;
  readonly codes: readonly OurCode[];
}

export interface TownVector {
  readonly name: string;
  readonly note: string;
  readonly raw: string;
  readonly signature?: "valid" | "invalid";
  readonly fields?: readonly (readonly [number | string, string])[];
  readonly findings?: readonly string[];
  readonly error?: string;
}

/** `fields`, where the author gives them: label, value, label, value. */
export interface SharedTownCode {
  readonly name: string;
  readonly raw: string;
  readonly fields?: readonly (number | string)[];
  readonly expected: { readonly indication: string; readonly sub_indication: string | null };
}

/** A published picture: what it holds, and which of the shared codes that is. */
export interface Sample {
  readonly file: string;
  readonly expected_raw: string | null;
  readonly vector: string | null;
}

/** What Python answers (`tests/support/twins.py`), and under which lists, as the server gives them. */
export interface Twins {
  readonly lists: Readonly<Record<string, unknown>>;
  readonly rows: readonly (readonly [symbols: readonly string[], repair: boolean, lists: string, answer: unknown])[];
}

/** Sealed files and what Python concludes of each (`tests/support/seal_twins.py`). */
export interface Seals {
  readonly lists: unknown;
  readonly rows: readonly {
    readonly name: string;
    readonly now: string;
    readonly told: readonly string[];
    readonly reasons: readonly string[];
    readonly pdf: string;
  }[];
}

export const OURS = GIVEN.ours;
export const TOWN = GIVEN.town;
export const TWINS = GIVEN.twins;
export const SEALS = GIVEN.seals;
/** The shared codes as whole symbols, their pictures and certificates; null where they are absent. */
export const SHARED = GIVEN.shared;
export const SHARED_TOWN = GIVEN.sharedTown;

/** Complete the row of a seal's certificate as the server does; believed as it stands unless told otherwise. */
export function sealRow(seal: Row, extra: Row = {}): Row {
  return {
    name: "Ville d'essai",
    key_usage: "key-usage-unrestricted",
    purpose: "purpose-unrestricted",
    chained: true,
    pinned: true,
    authority: null,
    revoked: null,
    list_good_until: null,
    ...seal,
    ...extra,
  };
}

/** Give one byte per character, as the vectors write symbols. */
export function symbol(raw: string): Uint8Array {
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

/** Read base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Write the row of one certificate as the server does. */
export function row(ca: string, cert: string, extra: Row = {}): Row {
  return {
    ca,
    cert,
    name: "Mairie d'essai",
    first: "2000-01-01",
    last: "2099-12-31",
    key: { curve: "P-256", spki: OURS.public_key_pem.replace(/-----.*-----|\n/g, "") },
    key_usage: "key-usage-signature",
    authority: { first: "2000-01-01", last: "2099-12-31" },
    revoked: null,
    list_good_until: "2099-12-31T00:00:00Z",
    ...extra,
  };
}

/** Make a trust list as the server writes it. */
export function trustOf(certificates: readonly unknown[], extra: Row = {}): TrustList {
  return parseTrustList({
    schema_version: 1,
    mode: "test",
    given: "2026-11-21T12:00:00Z",
    renew_by: "2099-12-31T00:00:00Z",
    lists: [{ name: "twoddoc", issued: "2026-11-01T00:00:00Z", expires: null }],
    directory_good_until: "2099-12-31T00:00:00Z",
    authorities: ["FR00"],
    withdrawn: [],
    certificates,
    seals: [],
    seal_authorities: [],
    ...extra,
  });
}

/** Give every shared certificate as a trust list; an empty one where they are absent. */
export function sharedTrust(mode: "test" | "production"): TrustList {
  const { rows, authorities } = SHARED?.trust ?? { rows: [], authorities: [] };
  const whole = rows.map((one) => row(String(one["ca"]), String(one["cert"]), one));
  return trustOf(whole, { mode, authorities });
}
