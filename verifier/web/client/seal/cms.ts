/**
 * CMS SignedData with one signer, as a seal and a time-stamp have it (RFC 5652, RFC 5035).
 *
 * - read strictly: what it announces is what it holds; signed attributes of known kinds, each once;
 *   the signer named by issuer and number, byte for byte; certificates and nothing else carried;
 * - another form is `CmsError` with its reason: nothing is concluded from it;
 * - nothing is proved by reading: `signatureHolds` asks the key.
 */
import { digested, digestOf, signingOf, verifies, type Digest, type Signing } from "./algorithms.ts";
import { parseCertificate, type Certificate } from "./certificate.ts";
import { content, DerError, hex, isCanonical, members, oid, only, same, TAG, type Element } from "./der.ts";

/** A form that is not the awaited one; `reason` is a stable name. */
export class CmsError extends Error {
  constructor(readonly reason: string) {
    super(`got ${reason}`);
  }
}

/** What was read. `stamps` are time-stamp tokens over the signature. */
export interface SignedData {
  readonly digest: Digest;
  readonly messageDigest: Uint8Array;
  readonly enclosed: Uint8Array<ArrayBuffer> | null;
  readonly certificates: readonly Certificate[];
  readonly signer: Certificate;
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signing: Signing;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly stamps: readonly Element[];
}

export const DATA = "1.2.840.113549.1.7.1";
export const STAMP_INFO = "1.2.840.113549.1.9.16.1.4";
const SIGNED_DATA = "1.2.840.113549.1.7.2";
const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const SIGNING_TIME = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
const STAMP = "1.2.840.113549.1.9.16.2.14";
const KNOWN = new Set([CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, SIGNING_CERTIFICATE_V2]);
const MAX_CERTIFICATES = 16;
const MAX_STAMPS = 8;

/** Read a CMS over something of a kind; throw CmsError. */
export async function parseSignedData(whole: Element, kind: string): Promise<SignedData> {
  try {
    return await parsed(whole, kind);
  } catch (problem) {
    if (problem instanceof DerError) throw new CmsError("seal-form-unread");
    throw problem;
  }
}

async function parsed(whole: Element, kind: string): Promise<SignedData> {
  const [type, wrapped] = members(whole, TAG.sequence);
  if (oid(type) !== SIGNED_DATA) throw new CmsError("contents-not-cms");
  const [version, digests, held, carried, signers] = ofLength(members(only(content(wrapped, TAG.part0)), TAG.sequence), 5);
  const [info] = ofLength(members(signers, TAG.set), 1);
  const [infoVersion, sid, digestAlgorithm, attributes, algorithm, signature, unsigned] = ofLength(members(info, TAG.sequence), 6, 7);
  askVersions(hex(content(version, TAG.integer)), hex(content(infoVersion, TAG.integer)), kind);
  askOneDigest(members(digests, TAG.set), digestAlgorithm);
  const digest = digestOf(digestAlgorithm);
  const certificates = ofLength(members(carried, TAG.part0), 1, MAX_CERTIFICATES).map((one) => parseCertificate(one.encoded));
  // A set under another tag, and so in order (X.690 section 11.6).
  asSet(carried);
  const signer = namedBy(sid, certificates);
  const rows = attributesOf(attributes, kind);
  await askSigningCertificate(rows.get(SIGNING_CERTIFICATE_V2), signer);
  const signing = signingOf(algorithm);
  if (signing.digest !== null && signing.digest !== digest) throw new CmsError("digests-disagree");
  return {
    digest,
    messageDigest: content(rows.get(MESSAGE_DIGEST), TAG.octets),
    enclosed: enclosed(held, kind),
    certificates,
    signer,
    signed: asSet(attributes),
    signing: { ...signing, digest },
    signature: content(signature, TAG.octets),
    stamps: stampsOf(unsigned),
  };
}

/** Ask how many elements there are: what is more or less is another form. */
function ofLength(list: readonly Element[], least: number, most = least): readonly Element[] {
  if (list.length < least || list.length > most) throw new CmsError("seal-form-unread");
  return list;
}

function askOneDigest(announced: readonly Element[], own: Element | undefined): void {
  const [only] = announced;
  if (announced.length !== 1 || only === undefined || own === undefined || !same(only.encoded, own.encoded)) {
    throw new CmsError("digests-disagree");
  }
}

/** Tell whether the signer's key signed the attributes; throw CmsError on a form not read. */
export async function signatureHolds(data: SignedData): Promise<boolean> {
  try {
    return await verifies(data.signer.spki, data.signing, data.signature, data.signed);
  } catch (problem) {
    if (problem instanceof DerError) throw new CmsError("seal-form-unread");
    throw problem;
  }
}

function askVersions(own: string, signer: string, kind: string): void {
  // RFC 5652 sections 5.1 and 5.3: by issuer and number, with certificates of X.509 alone.
  if (own !== (kind === DATA ? "01" : "03") || signer !== "01") throw new CmsError("versions-disagree");
}

function namedBy(sid: Element | undefined, certificates: readonly Certificate[]): Certificate {
  const [issuer, serial, ...more] = members(sid, TAG.sequence);
  if (issuer === undefined || serial === undefined || more.length > 0) throw new CmsError("seal-form-unread");
  const found = certificates.filter((one) => same(one.serial.encoded, serial.encoded) && same(one.issuer, issuer.encoded));
  if (found.length !== 1 || found[0] === undefined) throw new CmsError("signer-named-otherwise");
  return found[0];
}

function attributesOf(element: Element | undefined, kind: string): ReadonlyMap<string, Element> {
  const rows = new Map<string, Element>();
  for (const row of members(element, TAG.part0)) {
    const [name, values] = members(row, TAG.sequence);
    const id = oid(name);
    // What else a time-stamp authority signs is its own affair.
    if (rows.has(id) || (kind === DATA && !KNOWN.has(id))) throw new CmsError("seal-form-unread");
    rows.set(id, only(content(values, TAG.set)));
  }
  if (!rows.has(MESSAGE_DIGEST) || oid(rows.get(CONTENT_TYPE)) !== kind) throw new CmsError("seal-form-unread");
  return rows;
}

async function askSigningCertificate(element: Element | undefined, signer: Certificate): Promise<void> {
  const [list] = members(element, TAG.sequence);
  const [first] = members(list, TAG.sequence);
  const parts = members(first, TAG.sequence);
  const named = parts[0]?.tag === TAG.sequence ? digestOf(parts[0]) : "SHA-256";
  const hash = content(parts.find((one) => one.tag === TAG.octets), TAG.octets);
  if (!same(hash, await digested(named, signer.der))) throw new CmsError("signer-named-otherwise");
}

function enclosed(held: Element | undefined, kind: string): Uint8Array<ArrayBuffer> | null {
  const [type, wrapped, ...more] = members(held, TAG.sequence);
  if (oid(type) !== kind || more.length > 0) throw new CmsError("seal-form-unread");
  if (kind === DATA) {
    if (wrapped !== undefined) throw new CmsError("seal-form-unread");
    return null;
  }
  return content(only(content(wrapped, TAG.part0)), TAG.octets);
}

/** Give a set that stands under another tag as a SET: so are attributes signed. */
function asSet(element: Element | undefined): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(element?.encoded ?? []);
  copy[0] = TAG.set;
  if (!isCanonical(only(copy))) throw new CmsError("contents-not-canonical");
  return copy;
}

function stampsOf(unsigned: Element | undefined): readonly Element[] {
  if (unsigned === undefined) return [];
  const found: Element[] = [];
  for (const row of members(unsigned, TAG.part1)) {
    const [name, values] = members(row, TAG.sequence);
    if (oid(name) !== STAMP) throw new CmsError("unsigned-attribute-foreign");
    found.push(...members(values, TAG.set));
  }
  if (found.length > MAX_STAMPS) throw new CmsError("seal-form-unread");
  return found;
}
