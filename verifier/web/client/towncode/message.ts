/**
 * A whole town code, read: twin of `sealing/towncode/message.py` (reading side).
 *
 * - `CV1:` and canonical base32 of a COSE_Sign1 message whose frame and header have one form;
 * - a beginning of such a text was cut on the road: `cut-short`, held against nobody;
 * - claims: issued-at, identifier, `[1, type, [label, value, ...]]`; anything else is refused;
 * - reading notes what is odd and keeps every pair; only white space is repaired, when asked.
 */
import { base32Decode } from "../twoddoc/values.ts";
import { read, type Item } from "./cbor.ts";
import { TownCodeError, type Reason } from "./errors.ts";
import { isBeginning, SIGNATURE, split, thumbprintOf, type Message } from "./frame.ts";
import { labelOf, meaningOf, typeOf } from "./registry.ts";

export const PREFIX = "CV1:";
export const LAYOUT = 1;
const MAX_LENGTH = 964;
const MAX_PAIRS = 24;
const MAX_LABEL = 64;
const MAX_VALUE = 256;
const LAST_SECOND = 253_402_300_799;
// Control characters, and those that turn or hide what stands beside them on a screen.
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;

/** One thing that a code says: a registered number or a text, and its value. */
export interface Pair {
  readonly label: number | string;
  readonly value: string;
}

/** A code that is well formed, proved by nothing yet. `issuedAt` counts seconds. */
export interface ParsedTownCode {
  readonly thumbprint: string;
  readonly issuedAt: number;
  readonly docType: number | string;
  readonly pairs: readonly Pair[];
  readonly protectedHeader: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly findings: readonly string[];
}

/** Tell whether the bytes begin like a town code, in capitals or not. */
export function looksLikeTownCode(raw: Uint8Array): boolean {
  return String.fromCharCode(...raw.subarray(0, 64)).trimStart().slice(0, PREFIX.length).toUpperCase() === PREFIX;
}

/** Read a code; throw TownCodeError. With `repair`, white space is taken out and the finding says so. */
export function parse(raw: Uint8Array, options: { readonly repair?: boolean } = {}): ParsedTownCode {
  const whole = Array.from(raw.subarray(0, 2 * MAX_LENGTH), (byte) => String.fromCharCode(byte)).join("");
  const text = options.repair === true ? whole.replace(/[ \t\r\n]+/g, "") : whole;
  if (text.slice(0, PREFIX.length).toUpperCase() !== PREFIX) throw new TownCodeError("not-towncode");
  if (Math.max(text.length, Math.floor(raw.length / 2)) > MAX_LENGTH) throw new TownCodeError("too-long");
  if (!text.startsWith(PREFIX)) throw new TownCodeError("prefix-case");
  const { header, payload, signature } = messageOf(text.slice(PREFIX.length));
  const thumbprint = thumbprintOf(header);
  const claims = claimsOf(read(payload));
  if (signature.length !== SIGNATURE) throw new TownCodeError("signature-length");
  const findings = findingsOf(claims.docType, claims.pairs);
  if (text !== whole) findings.push("repaired-transport");
  return { thumbprint, ...claims, protectedHeader: header, payload, signature, findings };
}

/** Tell an ISO 8601 day; a month or a year where no more is known. */
export function isDate(text: string): boolean {
  if (!/^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$/.test(text) || text.startsWith("0000")) return false;
  const day = text + "-01-01".slice(text.length - 4);
  const real = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(real.getTime()) && real.toISOString().startsWith(day);
}

function messageOf(text: string): Message {
  try {
    const cose = base32Decode(text);
    if (cose === null) throw new TownCodeError("base32-invalid");
    return split(cose);
  } catch (problem) {
    throw isBeginning(text) ? new TownCodeError("cut-short") : problem;
  }
}

type Claims = Pick<ParsedTownCode, "issuedAt" | "docType" | "pairs">;

function claimsOf(payload: Item): Claims {
  const claims = payload instanceof Map ? (payload as ReadonlyMap<Item, Item>) : wrong("claims-invalid");
  const identifier = claims.get(7);
  if (claims.size !== 3 || !(identifier instanceof Uint8Array) || identifier.length !== 16) wrong("claims-invalid");
  const issuedAt = secondsOf(claims.get(6));
  const [layout, docType, flat, ...more] = listOf(claims.get(-65537));
  if (typeof layout !== "number" && typeof layout !== "bigint") return wrong("claims-invalid");
  if (layout !== LAYOUT) throw new TownCodeError("layout-unknown", String(layout));
  if (more.length > 0 || docType === undefined) return wrong("claims-invalid");
  return { issuedAt, ...contentOf(docType, listOf(flat)) };
}

function secondsOf(item: Item | undefined): number {
  return typeof item === "number" && item >= 0 && item <= LAST_SECOND ? item : wrong("claims-invalid");
}

function contentOf(docType: Item, flat: readonly Item[]): Omit<Claims, "issuedAt"> {
  if (flat.length % 2 !== 0) throw new TownCodeError("claims-invalid");
  if (flat.length > 2 * MAX_PAIRS) throw new TownCodeError("limits-exceeded");
  const kind = nameOf(docType);
  const pairs: Pair[] = [];
  for (let place = 0; place < flat.length; place += 2) {
    pairs.push({ label: nameOf(flat[place]), value: valueOf(flat[place + 1]) });
  }
  return { docType: kind, pairs };
}

function nameOf(name: Item | undefined): number | string {
  // A number beyond 53 bits is in no table: it is named by its figures, and noted as unknown.
  if (typeof name === "number" && name >= 0) return name;
  if (typeof name === "bigint" && name >= 0n) return Number(name);
  if (typeof name !== "string" || name === "") return wrong("claims-invalid");
  return sizeOf(name) > MAX_LABEL ? wrong("limits-exceeded") : name;
}

function valueOf(value: Item | undefined): string {
  if (typeof value !== "string") return wrong("claims-invalid");
  return sizeOf(value) > MAX_VALUE ? wrong("limits-exceeded") : value;
}

function findingsOf(docType: number | string, pairs: readonly Pair[]): string[] {
  const findings: string[] = [];
  if (typeof docType === "number" && typeOf(docType) === undefined) findings.push("unknown-type");
  else if (typeof docType === "string" && isHidden(docType)) findings.push("charset");
  const seen = new Set<number | string>();
  for (const pair of pairs) {
    const meaning = meaningOf(pair.label);
    if (seen.has(meaning)) findings.push(`duplicate-label:${pair.label}`);
    seen.add(meaning);
    findings.push(...pairFindings(pair));
  }
  return findings;
}

function pairFindings({ label, value }: Pair): string[] {
  const findings: string[] = [];
  const entry = labelOf(label);
  if (typeof label === "number" && entry === undefined) findings.push(`unknown-label:${label}`);
  if (isHidden(value) || (typeof label === "string" && isHidden(label))) findings.push(`charset:${label}`);
  if (entry?.kind === "date" && !isDate(value)) findings.push(`value-invalid:${label}`);
  return findings;
}

function isHidden(text: string): boolean {
  return HIDDEN.test(text) || text.normalize("NFC") !== text;
}

function listOf(item: Item | undefined): readonly Item[] {
  return Array.isArray(item) ? (item as readonly Item[]) : wrong("claims-invalid");
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function wrong(reason: Reason): never {
  throw new TownCodeError(reason);
}
