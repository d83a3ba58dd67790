/**
 * X.509, as much of it as a seal needs: who, by whom, from when to when, which key, for what.
 *
 * A certificate with a critical part that this file does not know throws DerError: nothing is
 * concluded from it.
 */
import { signingOf, verifies, type Signing } from "./algorithms.ts";
import { content, DerError, hex, members, oid, only, same, TAG, type Element } from "./der.ts";

/** One certificate; `usages` are bits of keyUsage (0: digitalSignature), null where it has none. */
export interface Certificate {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly serial: Element;
  readonly serialHex: string;
  readonly issuer: Uint8Array<ArrayBuffer>;
  readonly subject: Uint8Array<ArrayBuffer>;
  readonly first: number;
  readonly last: number;
  readonly spki: Uint8Array<ArrayBuffer>;
  readonly names: ReadonlyMap<string, string>;
  readonly usages: ReadonlySet<number> | null;
  readonly purposes: readonly string[] | null;
  readonly isAuthority: boolean;
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signing: Signing;
  readonly signature: Uint8Array<ArrayBuffer>;
}

export const COMMON_NAME = "2.5.4.3";
export const ORGANISATION = "2.5.4.10";
const KEY_USAGE = "2.5.29.15";
const CONSTRAINTS = "2.5.29.19";
const PURPOSES = "2.5.29.37";
const KNOWN = new Set([KEY_USAGE, CONSTRAINTS, PURPOSES]);
const UTF8 = 0x0c;
const PRINTABLE = 0x13;
const IA5 = 0x16;
const UTC_TIME = 0x17;
const TIME = 0x18;

/** Read a certificate; throw DerError. */
export function parseCertificate(der: Uint8Array<ArrayBuffer>): Certificate {
  const [tbs, algorithm, bits, ...more] = members(only(der), TAG.sequence);
  if (tbs === undefined || more.length > 0) throw new DerError("got no certificate");
  const parts = members(tbs, TAG.sequence);
  // Version 3 alone: it comes first, and extensions last.
  const [version, serial, inner, issuer, validity, subject, spki, ...rest] = parts;
  if (hex(content(version, TAG.part0)) !== "020102" || serial === undefined) throw new DerError("got another version");
  if (!same(whole(inner), whole(algorithm))) throw new DerError("got two algorithms");
  const [first, last] = members(validity, TAG.sequence).map(moment);
  const extensions = extensionsOf(rest.find((one) => one.tag === 0xa3));
  return {
    der,
    serial,
    serialHex: hex(content(serial, TAG.integer)).replace(/^(00)+(?=.)/, ""),
    issuer: whole(issuer),
    subject: whole(subject),
    first: first ?? NaN,
    last: last ?? NaN,
    spki: whole(spki),
    names: namesOf(subject),
    usages: orNull(extensions.get(KEY_USAGE), usagesOf),
    purposes: orNull(extensions.get(PURPOSES), (one) => members(one, TAG.sequence).map(oid)),
    isAuthority: mayIssue(extensions.get(CONSTRAINTS)),
    signed: tbs.encoded,
    signing: signingOf(algorithm),
    signature: bitsOf(bits),
  };
}

/** Tell whether one certificate signed the other; false too where the form is not read. */
export async function signedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (!same(certificate.issuer, issuer.subject)) return false;
  try {
    return await verifies(issuer.spki, certificate.signing, certificate.signature, certificate.signed);
  } catch (problem) {
    if (problem instanceof DerError) return false;
    throw problem;
  }
}

function extensionsOf(element: Element | undefined): Map<string, Element> {
  const found = new Map<string, Element>();
  if (element === undefined) return found;
  for (const row of members(only(element.content), TAG.sequence)) {
    const parts = members(row, TAG.sequence);
    const [name, second] = parts;
    const critical = second?.tag === TAG.boolean;
    const id = oid(name);
    if (parts.length !== (critical ? 3 : 2) || found.has(id)) throw new DerError("got an extension of another form");
    if (critical && !KNOWN.has(id)) throw new DerError(`got a critical extension ${id}`);
    found.set(id, only(content(parts.at(-1), TAG.octets)));
  }
  return found;
}

function mayIssue(constraints: Element | undefined): boolean {
  return constraints !== undefined && members(constraints, TAG.sequence)[0]?.tag === TAG.boolean;
}

function usagesOf(element: Element): ReadonlySet<number> {
  const bytes = content(element, TAG.bits);
  const found = new Set<number>();
  for (const [place, byte] of bytes.subarray(1).entries()) {
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (0x80 >> bit)) !== 0) found.add(place * 8 + bit);
  }
  return found;
}

function namesOf(subject: Element | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const set of members(subject, TAG.sequence)) {
    for (const row of members(set, TAG.set)) {
      const [kind, value] = members(row, TAG.sequence);
      const id = oid(kind);
      if (value !== undefined && [UTF8, PRINTABLE, IA5].includes(value.tag) && !found.has(id)) {
        found.set(id, new TextDecoder().decode(value.content));
      }
    }
  }
  return found;
}

function moment(element: Element): number {
  const text = new TextDecoder().decode(element.content);
  const digits = element.tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (![UTC_TIME, TIME].includes(element.tag) || found === null) throw new DerError("got another form of date");
  const [, year, month, day, hour, minute, second] = found;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function bitsOf(element: Element | undefined): Uint8Array<ArrayBuffer> {
  const bytes = content(element, TAG.bits);
  if (bytes[0] !== 0) throw new DerError("got unused bits");
  return bytes.subarray(1);
}

function whole(element: Element | undefined): Uint8Array<ArrayBuffer> {
  if (element?.tag !== TAG.sequence) throw new DerError("got no sequence");
  return element.encoded;
}

function orNull<T>(element: Element | undefined, read: (element: Element) => T): T | null {
  return element === undefined ? null : read(element);
}
