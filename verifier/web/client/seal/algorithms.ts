/**
 * Signatures over bytes, by WebCrypto: RSA PKCS#1 v1.5 and ECDSA, SHA-2, nothing else.
 *
 * - RSA from 2,048 bits; curves P-256, P-384, P-521; parameters absent, or NULL for RSA;
 * - a form that is not one of these throws DerError: nothing is concluded from it.
 */
import { all, content, DerError, members, oid, only, TAG, type Element } from "./der.ts";

export type Digest = "SHA-256" | "SHA-384" | "SHA-512";

const DIGESTS: Readonly<Record<string, Digest>> = {
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};
const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const RSA_WITH: Readonly<Record<string, Digest>> = {
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
};
const ECDSA_WITH: Readonly<Record<string, Digest>> = {
  "1.2.840.10045.4.3.2": "SHA-256",
  "1.2.840.10045.4.3.3": "SHA-384",
  "1.2.840.10045.4.3.4": "SHA-512",
};
const CURVES: Readonly<Record<string, readonly [string, number]>> = {
  "1.2.840.10045.3.1.7": ["P-256", 32],
  "1.3.132.0.34": ["P-384", 48],
  "1.3.132.0.35": ["P-521", 66],
};
const LEAST_RSA_BYTES = 256;

/** How something was signed: by which kind of key, over which digest (null: told elsewhere). */
export interface Signing {
  readonly kind: "rsa" | "ec";
  readonly digest: Digest | null;
}

/** Read the AlgorithmIdentifier of a digest. */
export function digestOf(element: Element | undefined): Digest {
  const [name, parameters, ...more] = members(element, TAG.sequence);
  const found = DIGESTS[oid(name)];
  if (found === undefined || more.length > 0 || !isNull(parameters)) throw new DerError("got another digest");
  return found;
}

/** Read the AlgorithmIdentifier of a signature. */
export function signingOf(element: Element | undefined): Signing {
  const [name, parameters, ...more] = members(element, TAG.sequence);
  const id = oid(name);
  if (more.length > 0 || !isNull(parameters)) throw new DerError("got parameters of a signature");
  const rsa = RSA_WITH[id];
  if (rsa !== undefined || id === RSA) return { kind: "rsa", digest: rsa ?? null };
  const digest = ECDSA_WITH[id];
  if (digest === undefined || parameters !== undefined) throw new DerError("got another signature");
  return { kind: "ec", digest };
}

/** Digest some bytes. */
export async function digested(digest: Digest, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(digest, bytes));
}

/** Tell whether a key (SubjectPublicKeyInfo) signed these bytes; throw DerError on a form not read. */
export async function verifies(
  spki: Uint8Array<ArrayBuffer>,
  { kind, digest }: Signing,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (digest === null) throw new DerError("got no digest");
  const [algorithm, bits] = members(only(spki), TAG.sequence);
  const [name, parameters] = members(algorithm, TAG.sequence);
  if (kind === "rsa") {
    if (oid(name) !== RSA) throw new DerError("got another key than the signature's");
    askRsaSize(bits, signature);
    const how = { name: "RSASSA-PKCS1-v1_5", hash: digest };
    return crypto.subtle.verify(how, await imported(spki, how), signature, signed);
  }
  const curve = oid(name) === EC ? CURVES[oid(parameters)] : undefined;
  if (curve === undefined) throw new DerError("got another key than the signature's");
  const how = { name: "ECDSA", hash: digest, namedCurve: curve[0] };
  return crypto.subtle.verify(how, await imported(spki, how), rawOf(signature, curve[1]), signed);
}

async function imported(spki: Uint8Array<ArrayBuffer>, how: { name: string }): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("spki", spki, how, false, ["verify"]);
  } catch (problem) {
    throw new DerError(`got no key: ${String(problem)}`);
  }
}

function askRsaSize(bits: Element | undefined, signature: Uint8Array): void {
  const [modulus] = members(only(content(bits, TAG.bits).subarray(1)), TAG.sequence);
  const size = content(modulus, TAG.integer).length - 1;
  if (size < LEAST_RSA_BYTES || signature.length !== size) throw new DerError(`got an RSA key of ${size} bytes`);
}

/** Turn r and s as CMS has them into r and s side by side. */
function rawOf(signature: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const [r, s, ...more] = members(only(signature), TAG.sequence);
  if (more.length > 0) throw new DerError("got more than r and s");
  const raw = new Uint8Array(2 * size);
  for (const [place, part] of [r, s].entries()) {
    const bytes = content(part, TAG.integer);
    const [head = 0x80, next = 0] = bytes;
    if (head >= 0x80 || (head === 0 && next < 0x80)) throw new DerError("got r or s in another form");
    const plain = head === 0 ? bytes.subarray(1) : bytes;
    if (plain.length > size) throw new DerError("got r or s too long");
    raw.set(plain, (place + 1) * size - plain.length);
  }
  return raw;
}

function isNull(parameters: Element | undefined): boolean {
  return parameters === undefined || (parameters.tag === TAG.none && all(parameters.content).length === 0);
}
