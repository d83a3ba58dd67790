/**
 * DER, read strictly: twin of the part of `sealing/der.py` that reads.
 *
 * - lengths definite and shortest, tags of one byte, nothing left over;
 * - `isCanonical` looks at the whole tree: booleans, integers, identifiers, order of sets; 32 levels,
 *   20,000 nodes;
 * - bytes in, values out; anything else throws DerError.
 */

/** These bytes are not DER as they must be. */
export class DerError extends Error {}

/** One element: its tag, its content, and all of it as written. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly encoded: Uint8Array<ArrayBuffer>;
}

export const TAG = { boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, none: 0x05, oid: 0x06, sequence: 0x30, set: 0x31, part0: 0xa0, part1: 0xa1 } as const;

const MAX_DEPTH = 32;
const MAX_NODES = 20_000;
const MAX_OID = 64;

/** Read the first element, whatever follows it. */
export function first(bytes: Uint8Array<ArrayBuffer>): Element {
  const [tag, head] = bytes;
  if (tag === undefined || head === undefined) throw new DerError("got no element");
  if ((tag & 0x1f) === 0x1f) throw new DerError("got a tag of several bytes");
  const start = head < 0x80 ? 2 : 2 + (head & 0x7f);
  const end = start + (head < 0x80 ? head : longLength(bytes.subarray(2, start), head & 0x7f));
  if (end > bytes.length) throw new DerError("got an element that is cut");
  return { tag, content: bytes.subarray(start, end), encoded: bytes.subarray(0, end) };
}

function longLength(written: Uint8Array, count: number): number {
  if (count === 0 || count > 4) throw new DerError("got a length that is indefinite or too long");
  const length = written.reduce((sum, byte) => sum * 256 + byte, 0);
  if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError("got a length that is not the shortest");
  return length;
}

/** Read every element of some bytes. */
export function all(bytes: Uint8Array<ArrayBuffer>): Element[] {
  const found: Element[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const next = first(rest);
    found.push(next);
    if (found.length > MAX_NODES) throw new DerError("got too many elements");
    rest = rest.subarray(next.encoded.length);
  }
  return found;
}

/** Read the members of an element of a kind. */
export function members(element: Element | undefined, tag: number): Element[] {
  return all(content(element, tag));
}

/** Give the content of an element of a kind. */
export function content(element: Element | undefined, tag: number): Uint8Array<ArrayBuffer> {
  if (element?.tag !== tag) throw new DerError(`got ${element?.tag}, expected ${tag}`);
  return element.content;
}

/** Read exactly one element. */
export function only(bytes: Uint8Array<ArrayBuffer>): Element {
  const found = all(bytes);
  if (found.length !== 1 || found[0] === undefined) throw new DerError(`got ${found.length} elements`);
  return found[0];
}

/** Give the dotted number of an object identifier. */
export function oid(element: Element | undefined): string {
  const bytes = content(element, TAG.oid);
  if (bytes.length > MAX_OID) throw new DerError("got an identifier too long");
  const parts: bigint[] = [];
  let value = 0n;
  for (const byte of bytes) {
    value = (value << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) === 0) {
      parts.push(value);
      value = 0n;
    }
  }
  const [top = 0n] = parts;
  const root = top < 80n ? top / 40n : 2n;
  return [root, top - root * 40n, ...parts.slice(1)].join(".");
}

/** Give bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Tell whether two byte strings are the same. */
export function same(one: Uint8Array, two: Uint8Array): boolean {
  return one.length === two.length && one.every((byte, place) => byte === two[place]);
}

/** Tell whether an element and all below it are written in their one form. */
export function isCanonical(whole: Element): boolean {
  let nodes = 0;
  const walk = (element: Element, depth: number): boolean => {
    nodes += 1;
    if (depth > MAX_DEPTH || nodes > MAX_NODES) return false;
    if ((element.tag & 0x20) === 0) return isPlain(element);
    const below = all(element.content);
    if (element.tag === TAG.set && !isSorted(below)) return false;
    return below.every((one) => walk(one, depth + 1));
  };
  try {
    return walk(whole, 0);
  } catch (problem) {
    if (problem instanceof DerError) return false;
    throw problem;
  }
}

const FORMS: Readonly<Record<number, (bytes: Uint8Array) => boolean>> = {
  [TAG.boolean]: (bytes) => bytes.length === 1 && (bytes[0] === 0 || bytes[0] === 0xff),
  [TAG.integer]: (bytes) => bytes.length > 0 && (bytes.length === 1 || !isPadded(bytes)),
  [TAG.none]: (bytes) => bytes.length === 0,
  [TAG.oid]: isIdentifier,
  // A sequence and a set, but not constructed.
  0x10: () => false,
  0x11: () => false,
};

/** A primitive in its one form. */
function isPlain({ tag, content: bytes }: Element): boolean {
  return FORMS[tag]?.(bytes) ?? true;
}

function isPadded([head = 0, next = 0]: Uint8Array): boolean {
  return (head === 0 && next < 0x80) || (head === 0xff && next >= 0x80);
}

function isIdentifier(bytes: Uint8Array): boolean {
  const starts = [...bytes].filter((_, place) => place === 0 || (bytes[place - 1] ?? 0) < 0x80);
  return bytes.length > 0 && (bytes.at(-1) ?? 0x80) < 0x80 && !starts.includes(0x80);
}

function isSorted(list: readonly Element[]): boolean {
  return list.every((one, place) => place === 0 || compare(list[place - 1]?.encoded ?? one.encoded, one.encoded) <= 0);
}

function compare(one: Uint8Array, two: Uint8Array): number {
  for (let place = 0; place < Math.min(one.length, two.length); place += 1) {
    const step = (one[place] ?? 0) - (two[place] ?? 0);
    if (step !== 0) return step;
  }
  return one.length - two.length;
}
