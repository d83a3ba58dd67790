/**
 * Deterministic CBOR of a small size and depth, and nothing else: twin of `sealing/towncode/cbor.py`.
 *
 * - definite lengths, shortest heads, four levels at most, no tag, no float, no true, false or null;
 *   map keys sorted and met once; one item, and no byte after it;
 * - our own sixty lines: a general reader would have to be told all of this, and be checked again.
 */
import { TownCodeError } from "./errors.ts";

/** What a message may hold; integers beyond 53 bits are bigint. */
export type Item = number | bigint | string | Uint8Array<ArrayBuffer> | readonly Item[] | ReadonlyMap<Item, Item>;

const MAX_DEPTH = 4;
const SHORTEST: readonly bigint[] = [24n, 1n << 8n, 1n << 16n, 1n << 32n];
const [BYTES, TEXT, ARRAY, MAP, TAG] = [2, 3, 4, 5, 6] as const;

interface Head {
  readonly major: number;
  readonly argument: bigint;
  readonly after: number;
}

/** Read one deterministic item; throw TownCodeError (`cbor-not-deterministic`). */
export function read(data: Uint8Array<ArrayBuffer>): Item {
  const [item, end] = itemAt(data, 0, 0);
  if (end !== data.length) throw refused();
  return item;
}

/** Read a byte string at a place; give it and the place after it. */
export function byteString(data: Uint8Array<ArrayBuffer>, at: number): [Uint8Array<ArrayBuffer>, number] {
  const head = headAt(data, at);
  if (head.major !== BYTES) throw refused();
  return bytesAt(data, head);
}

function itemAt(data: Uint8Array<ArrayBuffer>, at: number, depth: number): [Item, number] {
  const head = headAt(data, at);
  if (head.major >= TAG) throw refused();
  if (head.major < BYTES) return [integer(head), head.after];
  if (head.major === BYTES) return bytesAt(data, head);
  if (head.major === TEXT) {
    const [bytes, end] = bytesAt(data, head);
    return [textOf(bytes), end];
  }
  const count = head.argument * (head.major === MAP ? 2n : 1n);
  // Each item takes a byte: a longer list than the message is refused before it is followed.
  if (depth >= MAX_DEPTH || count > BigInt(data.length)) throw refused();
  return head.major === ARRAY ? listAt(data, head, depth) : mapAt(data, head, depth);
}

function listAt(data: Uint8Array<ArrayBuffer>, head: Head, depth: number): [Item, number] {
  const found: Item[] = [];
  let at = head.after;
  for (let left = head.argument; left > 0n; left -= 1n) {
    const [item, end] = itemAt(data, at, depth + 1);
    found.push(item);
    at = end;
  }
  return [found, at];
}

function mapAt(data: Uint8Array<ArrayBuffer>, head: Head, depth: number): [Item, number] {
  const found = new Map<Item, Item>();
  let at = head.after;
  let last: Uint8Array | null = null;
  for (let left = head.argument; left > 0n; left -= 1n) {
    const [key, middle] = itemAt(data, at, depth + 1);
    const written = data.subarray(at, middle);
    if (last !== null && !isBefore(last, written)) throw refused();
    const [value, end] = itemAt(data, middle, depth + 1);
    found.set(key, value);
    last = written;
    at = end;
  }
  return [found, at];
}

/** Tell whether a key comes before another: the shorter first, then byte by byte. */
function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return one.length < other.length;
  const place = one.findIndex((byte, index) => byte !== other[index]);
  return place >= 0 && (one[place] ?? 0) < (other[place] ?? 0);
}

function headAt(data: Uint8Array, at: number): Head {
  const first = data[at];
  if (first === undefined) throw refused();
  const major = first >> 5;
  const short = first & 0x1f;
  if (short < 24) return { major, argument: BigInt(short), after: at + 1 };
  const least = SHORTEST[short - 24];
  const after = at + 1 + (1 << (short - 24));
  if (least === undefined || after > data.length) throw refused();
  let argument = 0n;
  for (const byte of data.subarray(at + 1, after)) argument = (argument << 8n) | BigInt(byte);
  if (argument < least) throw refused();
  return { major, argument, after };
}

function bytesAt(data: Uint8Array<ArrayBuffer>, head: Head): [Uint8Array<ArrayBuffer>, number] {
  if (head.argument > BigInt(data.length - head.after)) throw refused();
  const end = head.after + Number(head.argument);
  return [data.slice(head.after, end), end];
}

function integer(head: Head): number | bigint {
  const value = head.major === 0 ? head.argument : -1n - head.argument;
  const plain = Number(value);
  return Number.isSafeInteger(plain) ? plain : value;
}

function textOf(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refused();
  }
}

function refused(): TownCodeError {
  return new TownCodeError("cbor-not-deterministic");
}
