/**
 * The header of a 2D-Doc, and its text form: twin of `sealing/twoddoc/header.py`.
 *
 * Texts here hold one character per byte (latin-1): offsets and lengths are those of the symbol.
 * `TwoDDocError` is the only exception that leaves the parser.
 */
import { daysDecode } from "./values.ts";

const LENGTHS: Readonly<Record<number, number>> = { 1: 22, 2: 22, 3: 24, 4: 26 };

/** The rule of the format that a text breaks. */
export type Reason =
  | "not-2ddoc"
  | "too-long"
  | "header-short"
  | "header-charset"
  | "version-unsupported"
  | "date-invalid"
  | "non-ascii"
  | "field-short"
  | "field-incomplete"
  | "no-signature"
  | "several-us"
  | "signature-encoding"
  | "signature-length"
  | "binary-length"
  | "set-incomplete"
  | "set-mismatch";

/** What the reader of the error can do about it. */
export type Remedy = "none" | "scan-again" | "other-tool" | "not-a-2ddoc" | "one-document";

/** How a code is written: characters, or bytes. */
export type Form = "text" | "binary";

/** The text breaks the format; `offset` counts bytes. */
export class TwoDDocError extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
    readonly remedy: Remedy = "none",
    readonly offset: number | null = null,
  ) {
    super(message);
    this.name = "TwoDDocError";
  }
}

/** No 2D-Doc at all; `looksLike` says what else, or is empty. */
export class NotTwoDDocError extends TwoDDocError {
  readonly looksLike: string;

  constructor(text: string) {
    const looksLike = OTHERS.find(([, start]) => start.test(text))?.[0] ?? "";
    super("not-2ddoc", `got ${looksLike || "something else"}, expected DC and a version`, "not-a-2ddoc", 0);
    this.looksLike = looksLike;
  }
}

const OTHERS: readonly (readonly [string, RegExp])[] = [
  ["towncode", /^CV1:/i],
  ["health-certificate", /^HC1:/i],
  ["url", /^https?:\/\//i],
  // eslint-disable-next-line no-control-regex -- GS opens a GS1 symbol
  ["gs1", /^(\x1d|\]d2|\(?01\)?\d{14})/i],
];

/** Who signed what, when; dates are ISO days, `issueDate` is null for FFFF. */
export interface Header {
  readonly form: Form;
  readonly version: number;
  readonly length: number;
  readonly caId: string;
  readonly certificateId: string;
  readonly issueDate: string | null;
  readonly signatureDate: string;
  readonly docType: string;
  readonly perimeter: string | null;
  readonly country: string | null;
}

/** Read the header at the start of a code; throw TwoDDocError. */
export function parseHeader(text: string): Header {
  const version = versionOf(text);
  const length = LENGTHS[version] ?? 0;
  const head = text.slice(0, length);
  if (head.length < length) {
    const problem = `got ${head.length} characters, expected ${length}`;
    throw new TwoDDocError("header-short", problem, "scan-again", head.length);
  }
  const strange = head.search(/[^A-Z0-9]/);
  if (strange >= 0) {
    const problem = "got other characters than capitals and digits";
    throw new TwoDDocError("header-charset", problem, "none", strange);
  }
  const signatureDate = headerDate(head, 16);
  if (signatureDate === null) {
    throw new TwoDDocError("date-invalid", "got FFFF, expected a signature date", "none", 16);
  }
  return {
    form: "text",
    version,
    length,
    caId: head.slice(4, 8),
    certificateId: head.slice(8, 12),
    issueDate: headerDate(head, 12),
    signatureDate,
    docType: head.slice(20, 22),
    perimeter: head.slice(22, 24) || null,
    country: head.slice(24, 26) || null,
  };
}

function versionOf(text: string): number {
  const found = /^DC(\d\d)/.exec(text);
  if (found === null) throw new NotTwoDDocError(text);
  const version = Number(found[1]);
  if (LENGTHS[version] === undefined) throw unknownForm(`version ${found[1]}`);
  return version;
}

/** Make the error of a version that is not known here. */
export function unknownForm(form: string): TwoDDocError {
  const problem = `got ${form}, expected versions 01 to 04`;
  return new TwoDDocError("version-unsupported", problem, "other-tool", 0);
}

function headerDate(head: string, offset: number): string | null {
  const iso = daysDecode(head.slice(offset, offset + 4));
  if (iso === null) {
    throw new TwoDDocError("date-invalid", "got no hexadecimal date", "none", offset);
  }
  return iso ?? null;
}
