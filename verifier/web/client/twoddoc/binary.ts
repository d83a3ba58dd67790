/**
 * A 2D-Doc in binary form, version 04, read: twin of `sealing/twoddoc/binary.py`.
 *
 * Texts here hold one character per byte. No table of these identifiers and types is published: each
 * is shown as its number (`0x0A`), each value as its bytes in hexadecimal.
 */
import type { Field } from "./fields.ts";
import { TwoDDocError, unknownForm, type Header } from "./header.ts";

export const MARK = "\xdc";
const HEADER_LENGTH = 19;
const VERSION = 4;
const SIGNATURE = 0xff;
const MAX_BLOCKS = 200;
const SIGNATURE_SIZES: readonly number[] = [64, 96, 132];
// C40 in threes: 1600 a + 40 b + c + 1; digits begin at 4, capitals at 14.
const C40 = "    0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A code in binary form, proved by nothing; an empty `annex` is none. */
export interface BinaryCode {
  readonly header: Header;
  readonly blocks: readonly Field[];
  readonly signed: string;
  readonly signature: string;
  readonly annex: string;
}

interface Block {
  readonly identifier: number;
  readonly start: number;
  readonly value: string;
  readonly end: number;
  readonly long: boolean;
}

/** Read a whole code; throw TwoDDocError. */
export function readBinary(raw: string): BinaryCode {
  const header = parseHeader(raw);
  const blocks: Field[] = [];
  for (const block of blocksOf(raw, HEADER_LENGTH)) {
    if (block.identifier === SIGNATURE) {
      requireSize(block);
      const signed = raw.slice(0, block.start);
      return { header, blocks, signed, signature: block.value, annex: raw.slice(block.end) };
    }
    blocks.push(fieldOf(block));
  }
  const problem = "got no block of signature: is the end of the code missing?";
  throw new TwoDDocError("no-signature", problem, "scan-again", raw.length);
}

/** Cut an annex into its blocks; none where it cannot be cut. */
export function annexBlocks(raw: string): Field[] {
  try {
    return [...blocksOf(raw, 0)].map(fieldOf);
  } catch (problem) {
    if (problem instanceof TwoDDocError) return [];
    throw problem;
  }
}

/** Write bytes in hexadecimal. */
export function hexOf(raw: string): string {
  return Array.from(raw, (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

function parseHeader(raw: string): Header {
  if (raw.length < HEADER_LENGTH) {
    const problem = `got ${raw.length} bytes, expected ${HEADER_LENGTH}`;
    throw new TwoDDocError("header-short", problem, "scan-again", raw.length);
  }
  const version = numberAt(raw, 1, 1);
  if (version !== VERSION) throw unknownForm(`binary version ${String(version).padStart(2, "0")}`);
  const names = /^([A-Z]{3})([A-Z0-9]{4})([0-9A-F]{5})$/.exec(c40Decode(raw.slice(2, 10)));
  if (names === null) {
    throw new TwoDDocError("header-charset", "got no country, authority and certificate", "none", 2);
  }
  const signatureDate = dateAt(raw, 13);
  if (signatureDate === null) {
    throw new TwoDDocError("date-invalid", "got 0xFFFFFF, expected a signature date", "none", 13);
  }
  return {
    form: "binary",
    version,
    length: HEADER_LENGTH,
    caId: names[2] ?? "",
    certificateId: names[3] ?? "",
    issueDate: dateAt(raw, 10),
    signatureDate,
    docType: hexOf(raw.slice(16, 17)).toUpperCase(),
    perimeter: hexOf(raw.slice(17, 19)).toUpperCase(),
    country: names[1] ?? "",
  };
}

function* blocksOf(raw: string, first: number): Generator<Block> {
  let start = first;
  for (let count = 0; start < raw.length; count += 1) {
    if (count > MAX_BLOCKS) {
      throw new TwoDDocError("too-long", `got more than ${MAX_BLOCKS} blocks`, "none", start);
    }
    const long = raw[start + 1] === "\xff";
    const begin = start + (long ? 4 : 2);
    const end = begin + numberAt(raw, start + (long ? 2 : 1), long ? 2 : 1);
    if (begin > raw.length || end > raw.length) {
      const problem = `got ${raw.length} bytes, a block goes to ${end}`;
      throw new TwoDDocError("binary-length", problem, "scan-again", start);
    }
    yield { identifier: numberAt(raw, start, 1), start, value: raw.slice(begin, end), end, long };
    start = end;
  }
}

function fieldOf(block: Block): Field {
  const di = `0x${block.identifier.toString(16).toUpperCase().padStart(2, "0")}`;
  return { di, raw: hexOf(block.value), end: "" };
}

function requireSize(block: Block): void {
  if (block.long || !SIGNATURE_SIZES.includes(block.value.length)) {
    const problem = `got ${block.value.length} bytes, expected r and s: 64, 96 or 132`;
    throw new TwoDDocError("signature-length", problem, "none", block.start);
  }
}

function numberAt(raw: string, offset: number, size: number): number {
  let number = 0;
  for (const character of raw.slice(offset, offset + size)) number = number * 256 + character.charCodeAt(0);
  return number;
}

function c40Decode(raw: string): string {
  let text = "";
  for (let place = 0; place < raw.length; place += 2) {
    const number = numberAt(raw, place, 2) - 1;
    if (number < 0 || number >= 64_000) return "";
    const values = [Math.floor(number / 1600), Math.floor((number % 1600) / 40), number % 40];
    text += values.map((value) => C40[value]).join("");
  }
  return text;
}

function dateAt(raw: string, offset: number): string | null {
  const number = numberAt(raw, offset, 3);
  if (number === 0xffffff) return null;
  const told = String(number).padStart(8, "0");
  const iso = `${told.slice(4)}-${told.slice(0, 2)}-${told.slice(2, 4)}`;
  const real = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(real.getTime()) && real.toISOString().startsWith(iso) && !iso.startsWith("0000");
  if (!exists) throw new TwoDDocError("date-invalid", `got ${told}, expected MMDDYYYY`, "none", offset);
  return iso;
}
