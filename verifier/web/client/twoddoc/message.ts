/**
 * A whole 2D-Doc in C40 form, read: twin of the reading half of `sealing/twoddoc/message.py`.
 *
 * - what is signed is what was read, byte for byte, without US and without annex;
 * - the annex is not signed: it is kept apart and never merged into the fields;
 * - damage of the road is repaired only when asked, and always reported.
 */
import { headerFindings, typeFindings } from "./conformance.ts";
import { GS, split, valueFindings, type Field, type Finding } from "./fields.ts";
import { parseHeader, TwoDDocError, type Header } from "./header.ts";
import { base32Decode } from "./values.ts";

const MAX_LENGTH = 4_096;
const SIGNATURE_LENGTHS: readonly number[] = [103, 154, 212];
const US = "\x1f";
const WRITTEN: readonly (readonly [string, string])[] = [["<GS>", GS], ["<RS>", "\x1e"], ["<US>", US]];

/** What follows the signature: unsigned, anyone may have added it. */
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

/** Read the bytes of a symbol; throw TwoDDocError. */
export function parse(raw: Uint8Array, options: { readonly repair?: boolean } = {}): ParsedMessage {
  if (raw.length > MAX_LENGTH) {
    const problem = `got ${raw.length} bytes, expected at most ${MAX_LENGTH}`;
    throw new TwoDDocError("too-long", problem, "none", MAX_LENGTH);
  }
  const read = Array.from(raw, (byte) => String.fromCharCode(byte)).join("");
  const text = options.repair === true ? repaired(read) : read;
  const header = parseHeader(text);
  const high = text.search(/[\x80-\xff]/);
  if (high >= 0) throw new TwoDDocError("non-ascii", "got bytes above 7 bits", "none", high);
  const [signed, signatureText, annexRaw] = cut(text);
  const signature = signatureOf(signatureText, signed.length + 1);
  const fields = split(signed.slice(header.length), header.length);
  const annex = annexRaw === null ? null : { raw: annexRaw, fields: annexFields(annexRaw) };
  const findings = [
    ...headerFindings(header),
    ...valueFindings(fields),
    ...typeFindings(header, new Set(fields.map((field) => field.di))),
  ];
  if (annex !== null) findings.push({ code: "annex-present", di: null });
  if (text !== read) findings.push({ code: "repaired-transport", di: null });
  return { header, fields, signed: bytesOf(signed), signature, annex, findings };
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

function bytesOf(ascii: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
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
