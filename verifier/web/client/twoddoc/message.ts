/**
 * A whole 2D-Doc, read in each of its forms: twin of the reading half of `sealing/twoddoc/message.py`.
 *
 * - what is signed is what was read, byte for byte, without US and without annex;
 * - the annex is not signed: it is kept apart and never merged into the fields;
 * - damage of the road is repaired only when asked, and always reported; what is made of bytes
 *   (version 01, binary form) never is;
 * - one part of a code is no code: who reads several gives them together.
 */
import { annexBlocks, hexOf, MARK, readBinary } from "./binary.ts";
import { headerFindings, typeFindings } from "./conformance.ts";
import { GS, split, valueFindings, type Field, type Finding } from "./fields.ts";
import { NotTwoDDocError, parseHeader, TwoDDocError, type Header } from "./header.ts";
import { isPart, join, MAX_PART } from "./parts.ts";
import { base32Decode } from "./values.ts";

const MAX_LENGTH = MAX_PART;
/** A long text that begins otherwise is something else, and nobody's forgery. */
const BEGINNING = /^(DC\d\d|\xdc|E[A-Z0-9]{3}[0-9A-F][1-9A-F]|\xee)/;
const WITHDRAWN_SIGNATURE = 64;
const SIGNATURE_LENGTHS: readonly number[] = [103, 154, 212];
const US = "\x1f";
const WRITTEN: readonly (readonly [string, string])[] = [["<GS>", GS], ["<RS>", "\x1e"], ["<US>", US]];

/** What follows the signature: unsigned, anyone may have added it; `raw` is hexadecimal in binary form. */
export interface Annex {
  readonly raw: string;
  readonly fields: readonly Field[];
}

/** A code that is well formed, proved by nothing yet. */
export interface ParsedMessage {
  readonly header: Header;
  readonly fields: readonly Field[];
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly annex: Annex | null;
  readonly findings: readonly Finding[];
}

/** How damage of the road is taken: `repair` undoes what is known, for texts typed or pasted. */
export interface Reading {
  readonly repair?: boolean;
}

/** Read the bytes of a symbol; throw TwoDDocError. One part of a code throws PartMissingError. */
export function parse(raw: Uint8Array, options: Reading = {}): ParsedMessage {
  if (raw.length > MAX_LENGTH) {
    const start = textOf(raw.subarray(0, 64));
    if (!BEGINNING.test(start)) throw new NotTwoDDocError(start);
    const problem = `got ${raw.length} bytes, expected at most ${MAX_LENGTH}`;
    throw new TwoDDocError("too-long", problem, "none", MAX_LENGTH);
  }
  const read = textOf(raw);
  if (isPart(read)) join([read]);
  return parsed(read, options);
}

/** Read the code that several symbols hold; throw PartsError, then as `parse` does. */
export function parseSet(symbols: readonly Uint8Array[], options: Reading = {}): ParsedMessage {
  return parsed(join(symbols.map(textOf)), options);
}

/** Tell whether the code holds raw bytes: characters typed or pasted do not carry it. */
export function madeOfBytes(message: ParsedMessage): boolean {
  return message.header.form === "binary" || message.header.version === 1;
}

function parsed(read: string, options: Reading): ParsedMessage {
  if (read.startsWith(MARK)) return parsedBinary(read);
  if (read.startsWith("DC01")) return parsedWithdrawn(read);
  const text = options.repair === true ? repaired(read) : read;
  const header = parseHeader(text);
  requireAscii(text);
  const [signed, signatureText, annexRaw] = cut(text);
  const signature = signatureOf(signatureText, signed.length + 1);
  const fields = split(signed.slice(header.length), header.length);
  const annex = annexRaw === null ? null : { raw: annexRaw, fields: annexFields(annexRaw) };
  const findings = findingsOf(header, fields, annex);
  if (text !== read) findings.push({ code: "repaired-transport", di: null });
  return { header, fields, signed: bytesOf(signed), signature, annex, findings };
}

function parsedWithdrawn(read: string): ParsedMessage {
  const header = parseHeader(read);
  const end = read.length - WITHDRAWN_SIGNATURE;
  if (end < header.length) {
    const problem = `got ${read.length - header.length} bytes after the header, expected 64 or more`;
    throw new TwoDDocError("signature-length", problem, "scan-again", read.length);
  }
  const signed = read.slice(0, end);
  requireAscii(signed);
  const fields = split(signed.slice(header.length), header.length);
  const signature = bytesOf(read.slice(end));
  return { header, fields, signed: bytesOf(signed), signature, annex: null, findings: findingsOf(header, fields, null) };
}

function parsedBinary(read: string): ParsedMessage {
  const { header, blocks, signed, signature, annex: rest } = readBinary(read);
  const annex = rest === "" ? null : { raw: hexOf(rest), fields: annexBlocks(rest) };
  const findings = findingsOf(header, blocks, annex);
  return { header, fields: blocks, signed: bytesOf(signed), signature: bytesOf(signature), annex, findings };
}

function findingsOf(header: Header, fields: readonly Field[], annex: Annex | null): Finding[] {
  const findings = [
    ...headerFindings(header),
    ...valueFindings(fields),
    ...typeFindings(header, new Set(fields.map((field) => field.di))),
  ];
  if (annex !== null) findings.push({ code: "annex-present", di: null });
  return findings;
}

function requireAscii(text: string): void {
  const high = text.search(/[\x80-\xff]/);
  if (high >= 0) throw new TwoDDocError("non-ascii", "got bytes above 7 bits", "none", high);
}

/** Give one character per byte. */
export function textOf(raw: Uint8Array): string {
  return Array.from(raw, (byte) => String.fromCharCode(byte)).join("");
}

/** Give one byte per character; a character beyond a byte makes it no code: null. */
export function latin1(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) {
    const value = text.charCodeAt(place);
    if (value > 0xff) return null;
    bytes[place] = value;
  }
  return bytes;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function cut(text: string): [string, string, string | null] {
  const first = text.indexOf(US);
  if (first < 0) {
    const problem = "got no separator before a signature: is the end of the code missing?";
    throw new TwoDDocError("no-signature", problem, "scan-again", text.length);
  }
  const last = text.lastIndexOf(US);
  if (last !== first) {
    throw new TwoDDocError("several-us", "got more than one separator before a signature", "none", last);
  }
  const rest = text.slice(first + 1);
  const gs = rest.indexOf(GS);
  const signed = text.slice(0, first);
  return gs < 0 ? [signed, rest, null] : [signed, rest.slice(0, gs), rest.slice(gs + 1)];
}

function signatureOf(text: string, offset: number): Uint8Array<ArrayBuffer> {
  const bare = withoutLineEnd(text);
  if (bare !== text && SIGNATURE_LENGTHS.includes(bare.length)) {
    const problem = "got a line end after the signature";
    throw new TwoDDocError("signature-encoding", problem, "scan-again", offset + bare.length);
  }
  if (!/^[A-Z2-7]*$/.test(text)) {
    throw new TwoDDocError("signature-encoding", "got other characters than base32", "none", offset);
  }
  if (!SIGNATURE_LENGTHS.includes(text.length)) {
    const problem = `got ${text.length} characters, expected 103, 154 or 212`;
    const remedy = text.length < Math.min(...SIGNATURE_LENGTHS) ? "scan-again" : "none";
    throw new TwoDDocError("signature-length", problem, remedy, offset + text.length);
  }
  const signature = base32Decode(text);
  if (signature === null) {
    throw new TwoDDocError("signature-encoding", "got base32 that is not canonical", "none", offset);
  }
  return signature;
}

function annexFields(raw: string): Field[] {
  try {
    return split(raw, 0);
  } catch (problem) {
    if (problem instanceof TwoDDocError) return [];
    throw problem;
  }
}

function withoutLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\r" || text[end - 1] === "\n")) end -= 1;
  return text.slice(0, end);
}

function repaired(raw: string): string {
  let text = withoutLineEnd(raw);
  if (!text.includes(GS) && !text.includes("\x1e") && !text.includes(US)) {
    for (const [written, byte] of WRITTEN) text = text.replaceAll(written, byte);
  }
  if (text.includes(US) || !text.startsWith("DC")) return text;
  const ends = SIGNATURE_LENGTHS.filter(
    (length) => text.length > length && base32Decode(text.slice(-length)) !== null,
  );
  // A separator right before the last characters proves the cut; else the shortest is the usual.
  const sure = ends.filter((length) => [GS, "\x1e"].includes(text[text.length - length - 1] ?? ""));
  const [length] = sure.length > 0 ? sure : ends;
  return length === undefined ? text : text.slice(0, -length) + US + text.slice(-length);
}
