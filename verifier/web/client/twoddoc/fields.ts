/**
 * The fields of a message: twin of `sealing/twoddoc/fields.py`.
 *
 * Read tolerantly, nothing lost: raw text, order, separators and every occurrence are kept.
 */
import { identifier, type DataIdentifier } from "./catalogue.ts";
import { TwoDDocError } from "./header.ts";
import { decode } from "./values.ts";

export const GS = "\x1d";
const RS = "\x1e";
const MAX_FIELDS = 200;

/** One oddity, as `code` or `code:di`. */
export interface Finding {
  readonly code: string;
  readonly di: string | null;
}

/** One field as read: what the code says, proved or not. `end` is its run of separators. */
export interface Field {
  readonly di: string;
  readonly raw: string;
  readonly end: string;
}

/** Tell whether the issuer cut the value to make it fit (RS). */
export function isTruncated(field: Field): boolean {
  return field.end.includes(RS);
}

/** Write a finding as Python does. */
export function findingText(finding: Finding): string {
  return finding.di === null ? finding.code : `${finding.code}:${finding.di}`;
}

/** Cut a message into its fields; throw TwoDDocError. Linear in its length. */
export function split(text: string, offset: number): Field[] {
  const found: Field[] = [];
  let position = 0;
  while (position < text.length) {
    const di = text.slice(position, position + 2);
    if (di.length < 2 || isSeparator(di[0]) || isSeparator(di[1])) {
      throw new TwoDDocError("field-incomplete", "got no data identifier", "none", offset + position);
    }
    if (found.length === MAX_FIELDS) {
      throw new TwoDDocError("too-long", `got more than ${MAX_FIELDS} fields`, "none", offset + position);
    }
    const stop = endOfValue(text, position + 2, identifier(di));
    if (stop === null) {
      const problem = "got a separator or the end inside a field of fixed length";
      throw new TwoDDocError("field-short", problem, "none", offset + position);
    }
    let next = stop;
    while (isSeparator(text[next])) next += 1;
    found.push({ di, raw: text.slice(position + 2, stop), end: text.slice(stop, next) });
    position = next;
  }
  return found;
}

/** Give what is odd about each field by itself, in order. */
export function valueFindings(fields: readonly Field[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const field of fields) {
    const entry = identifier(field.di);
    if (seen.has(field.di)) findings.push({ code: "duplicate-di", di: field.di });
    else if (entry === undefined) findings.push({ code: "unknown-di", di: field.di });
    seen.add(field.di);
    if (isTruncated(field)) findings.push({ code: "truncated", di: field.di });
    const odd = entry === undefined ? null : oddity(entry, field);
    if (odd !== null) findings.push({ code: odd, di: field.di });
  }
  return findings;
}

function oddity(entry: DataIdentifier, field: Field): string | null {
  if (entry.max !== null && field.raw.length > entry.max) return "too-long-value";
  if (field.raw === "" && !entry.fixed) return null;
  if (entry.charset !== null && !allowed(entry.charset).test(field.raw)) return "charset";
  if (isTruncated(field)) return null;
  const good = field.raw.length >= entry.min && decode(entry.kind, field.raw) !== null;
  return good ? null : "value-invalid";
}

function allowed(charset: string): RegExp {
  return charset === "eori" ? /^[A-Z]{2}[0-9]+$/ : new RegExp(`^[${charset}]*$`);
}

function isSeparator(character: string | undefined): boolean {
  return character === GS || character === RS;
}

function nextSeparator(text: string, start: number): number {
  let position = start;
  while (position < text.length && !isSeparator(text[position])) position += 1;
  return position;
}

function endOfValue(text: string, start: number, entry: DataIdentifier | undefined): number | null {
  const limit = nextSeparator(text, start);
  if (entry === undefined || entry.max === null) return limit;
  const full = start + entry.max;
  if (entry.fixed) {
    if (isSeparator(text[start])) return start;
    return full > limit ? null : full;
  }
  if (entry.charset === "eori") {
    const eori = /^[A-Z]{2}[0-9]+/.exec(text.slice(start, Math.min(limit, full)));
    if (eori !== null) return start + eori[0].length;
  }
  // Without GS at the maximum length the next field begins there; an issuer who wrote too much
  // shows no known identifier at that place.
  return full < limit && identifier(text.slice(full, full + 2)) !== undefined ? full : limit;
}
