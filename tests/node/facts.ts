/** What the tests of the browser sources read: vectors, shared data, certificates as a trust list. */
import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { parseTrustList, type TrustList } from "../../verifier/web/client/trust/trust_list.ts";

const ROOT = process.env["COFFRE_ROOT"] ?? ".";
const SHARED = process.env["COFFRE_SHARED"] ?? join(ROOT, "../shared");

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
  readonly field_order: readonly string[];
  readonly findings: readonly string[];
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

interface OurFile {
  readonly sets: readonly OurSet[];
  readonly public_key_pem: string;
  readonly codes: readonly OurCode[];
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf-8"));
}

export const OURS = json(join(ROOT, "tests/vectors/twoddoc.json")) as OurFile;

/** Give the shared codes as whole symbols, or undefined where they are absent. */
export function sharedCodes(): readonly SharedCode[] | undefined {
  const path = join(SHARED, "data/twoddoc/vectors.json");
  if (!existsSync(path)) return undefined;
  const codes = json(path) as SharedCode[];
  return codes.map((code) => ({ ...code, raw: code.raw_with_binary_signature_latin1 ?? code.raw }));
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

interface TownFile {
  readonly certificate_pem: string;
  readonly codes: readonly TownVector[];
}

export interface SharedTownCode {
  readonly name: string;
  readonly raw: string;
  readonly expected: { readonly indication: string; readonly sub_indication: string | null };
}

export const TOWN = json(join(ROOT, "tests/vectors/towncode.json")) as TownFile;

/** Give the shared town codes and their certificate, or undefined where they are absent. */
export function sharedTownCodes(): { vectors: readonly SharedTownCode[]; pem: string } | undefined {
  const folder = join(SHARED, "data/towncode");
  if (!existsSync(join(folder, "vectors.json"))) return undefined;
  const told = json(join(folder, "vectors.json")) as { certificate: string; vectors: readonly SharedTownCode[] };
  return { vectors: told.vectors, pem: readFileSync(join(folder, told.certificate), "utf-8") };
}

/** Write the row of a seal's certificate as the server does; believed as it stands unless told otherwise. */
export function sealRow(pem: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const certificate = new X509Certificate(pem);
  const spki = certificate.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  return {
    thumbprint: certificate.fingerprint256.replace(/:/g, "").slice(0, 16),
    name: "Ville d'essai",
    ...days(certificate),
    key: { curve: "P-256", spki },
    key_usage: "key-usage-unrestricted",
    purpose: "purpose-unrestricted",
    chained: true,
    pinned: true,
    authority: null,
    revoked: null,
    list_good_until: null,
    ...extra,
  };
}

/** Give one byte per character, as the vectors write symbols. */
export function symbol(raw: string): Uint8Array {
  return Uint8Array.from(Buffer.from(raw, "latin1"));
}

/** Write the row of one certificate as the server does. */
export function row(ca: string, cert: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
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
export function trustOf(certificates: readonly unknown[], extra: Record<string, unknown> = {}): TrustList {
  return parseTrustList({
    schema_version: 1,
    mode: "test",
    lists: [{ name: "twoddoc", issued: "2026-11-01T00:00:00Z", expires: null }],
    directory_good_until: "2099-12-31T00:00:00Z",
    authorities: ["FR00"],
    withdrawn: [],
    certificates,
    seals: [],
    ...extra,
  });
}

/** Give every shared certificate as a trust list; authorities' keys are checked by Node. */
export function sharedTrust(mode: "test" | "production"): TrustList {
  const folder = join(SHARED, "data/twoddoc/certs");
  const names = readdirSync(folder).filter((name) => name.endsWith(".pem") && !name.endsWith(".key.pem"));
  const read = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, name)));
  const authorities = new Map(
    names.filter((name) => name.length === 8).map((name) => [basename(name, ".pem"), read(name)]),
  );
  const rows = names.filter((name) => name.length > 8).map((name) => {
    const [ca, cert] = basename(name, ".pem").split("_");
    return rowOf(String(ca), String(cert), read(name), authorities.get(String(ca)));
  });
  return trustOf(rows, { mode, authorities: [...authorities.keys()] });
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};

function rowOf(ca: string, cert: string, leaf: X509Certificate, authority: X509Certificate | undefined): unknown {
  const curve = CURVES[leaf.publicKey.asymmetricKeyDetails?.namedCurve ?? ""];
  const spki = leaf.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const chained = authority !== undefined && leaf.verify(authority.publicKey);
  return row(ca, cert, {
    ...days(leaf),
    key: curve === undefined ? null : { curve, spki },
    authority: chained ? days(authority) : null,
  });
}

function days(certificate: X509Certificate): { first: string; last: string } {
  const day = (text: string): string => new Date(text).toISOString().slice(0, 10);
  return { first: day(certificate.validFrom), last: day(certificate.validTo) };
}
