/**
 * Whom to believe, at which date: a pure look-up in the lists that the server gives.
 *
 * - the server reads the certificates, proves which authority signed each and which are revoked
 *   (`verifier/web/api.py`); a page trusts that as it trusts its own script, from the same place;
 * - what depends on the hour is decided here, so that lists grow old while the page stays open;
 * - anything of another form than awaited is a fault of ours, never a verdict.
 */
import type { Curve, PublicKey } from "../twoddoc/signature.ts";

/** One list that answers rest on; moments are RFC 3339. */
export interface ListInfo {
  readonly name: string;
  readonly issued: string;
  readonly expires: string | null;
}

/** First and last day of a certificate, both included (ISO days). */
export interface Days {
  readonly first: string;
  readonly last: string;
}

/** When a certificate was revoked, and why (`at` is an ISO day). */
export interface Revocation extends Readonly<Record<string, string>> {
  readonly at: string;
  readonly why: string;
}

/**
 * One certificate of a 2D-Doc issuer. `key` is null where no 2D-Doc may be signed with it;
 * `authority` holds the days of the certificate that signed it, null where none did; `listGoodUntil`
 * is the end of its revocation list, grace included, null without a list.
 */
export interface Leaf extends Days {
  readonly name: string;
  readonly key: PublicKey | null;
  readonly keyUsage: string;
  readonly authority: Days | null;
  readonly revoked: Revocation | null;
  readonly listGoodUntil: string | null;
}

/**
 * One certificate of town codes. `chained`: its chain leads to an authority of the lists; `pinned`: it
 * is believed as it stands, for tests. `authority`, `revoked` and `listGoodUntil` are of its whole chain.
 */
export interface Seal extends Leaf {
  readonly chained: boolean;
  readonly pinned: boolean;
  readonly purpose: string;
}

/**
 * One authority of seals, with what the whole chain above it says. `usable`: certificates may be
 * chained to it here. `revokedSerials` are those that it revoked (hexadecimal), `issuedGoodUntil` the
 * end of the list that says so, null without one.
 */
export interface SealAuthority extends Days {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly usable: boolean;
  readonly revoked: Revocation | null;
  readonly listGoodUntil: string | null;
  readonly revokedSerials: ReadonlyMap<string, Revocation>;
  readonly issuedGoodUntil: string | null;
}

/**
 * Everything that is believed. `authorities` are those whose own certificate is there. `given` is when
 * the server wrote it, `renewBy` until when a device that cannot ask again may rest on it.
 */
export interface TrustList {
  readonly isTest: boolean;
  readonly given: string;
  readonly renewBy: string;
  readonly lists: readonly ListInfo[];
  readonly directoryGoodUntil: string | null;
  readonly authorities: ReadonlySet<string>;
  readonly withdrawn: ReadonlySet<string>;
  readonly leaves: ReadonlyMap<string, readonly Leaf[]>;
  readonly seals: ReadonlyMap<string, readonly Seal[]>;
  readonly sealAuthorities: readonly SealAuthority[];
}

type Row = Readonly<Record<string, unknown>>;

/** Tell whether an authority is a country's test one, whose key anyone may hold. */
export function isTestAuthority(caId: string): boolean {
  return caId.endsWith("00");
}

/** Give the certificates of that name, whatever their dates. */
export function leavesOf(trust: TrustList, caId: string, certificateId: string): readonly Leaf[] {
  return trust.leaves.get(`${caId}/${certificateId}`) ?? [];
}

/** Read what the server gives; throw TypeError where it is not what was awaited. */
export function parseTrustList(json: unknown): TrustList {
  const top = record(json);
  if (top["schema_version"] !== 1) throw new TypeError("got another version of the trust list");
  const leaves = new Map<string, Leaf[]>();
  for (const row of list(top["certificates"]).map(record)) {
    const name = `${text(row["ca"])}/${text(row["cert"])}`;
    leaves.set(name, [...(leaves.get(name) ?? []), leafOf(row)]);
  }
  const seals = new Map<string, Seal[]>();
  for (const row of list(top["seals"]).map(record)) {
    const name = text(row["thumbprint"]);
    seals.set(name, [...(seals.get(name) ?? []), sealOf(row)]);
  }
  return {
    isTest: oneOf(top["mode"], ["test", "production"]) === "test",
    given: text(top["given"]),
    renewBy: text(top["renew_by"]),
    lists: list(top["lists"]).map(record).map(infoOf),
    directoryGoodUntil: orNull(top["directory_good_until"], text),
    authorities: new Set(list(top["authorities"]).map(text)),
    withdrawn: new Set(list(top["withdrawn"]).map(text)),
    leaves,
    seals,
    sealAuthorities: list(top["seal_authorities"]).map(record).map(authorityOf),
  };
}

function authorityOf(row: Row): SealAuthority {
  const serials = list(row["revoked_serials"]).map(record);
  return {
    ...daysOf(row),
    der: bytes(text(row["der"])),
    usable: flag(row["usable"]),
    revoked: orNull(row["revoked"], revocationOf),
    listGoodUntil: orNull(row["list_good_until"], text),
    revokedSerials: new Map(serials.map((one) => [text(one["serial"]), revocationOf(one)])),
    issuedGoodUntil: orNull(row["issued_good_until"], text),
  };
}

function revocationOf(value: unknown): Revocation {
  const told = record(value);
  return { at: text(told["at"]), why: text(told["why"]) };
}

function sealOf(row: Row): Seal {
  return {
    ...leafOf(row),
    chained: flag(row["chained"]),
    pinned: flag(row["pinned"]),
    purpose: text(row["purpose"]),
  };
}

function infoOf(row: Row): ListInfo {
  return {
    name: text(row["name"]),
    issued: text(row["issued"]),
    expires: orNull(row["expires"], text),
  };
}

function leafOf(row: Row): Leaf {
  return {
    ...daysOf(row),
    name: text(row["name"]),
    key: orNull(row["key"], keyOf),
    keyUsage: text(row["key_usage"]),
    authority: orNull(row["authority"], daysOf),
    revoked: orNull(row["revoked"], revocationOf),
    listGoodUntil: orNull(row["list_good_until"], text),
  };
}

function daysOf(value: unknown): Days {
  const row = record(value);
  return { first: text(row["first"]), last: text(row["last"]) };
}

function keyOf(value: unknown): PublicKey {
  const row = record(value);
  const curve = oneOf<Curve>(row["curve"], ["P-256", "P-384", "P-521"]);
  return { curve, spki: bytes(text(row["spki"])) };
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new TypeError(`got a value outside ${allowed.join(", ")}`);
  return found;
}

function record(value: unknown): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`got ${typeof value}, expected an object`);
  }
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`got ${typeof value}, expected a list`);
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`got ${typeof value}, expected a text`);
  return value;
}

function flag(value: unknown): boolean {
  if (typeof value !== "boolean") throw new TypeError(`got ${typeof value}, expected yes or no`);
  return value;
}

function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value);
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
