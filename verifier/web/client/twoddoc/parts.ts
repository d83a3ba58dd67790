/**
 * One code spread over several symbols, put together again: twin of `sealing/twoddoc/parts.py`.
 *
 * - texts hold one character per byte; a part begins with `E` and five characters, or 0xEE and three
 *   bytes: the set's name, the index, the count;
 * - a missing part asks for another scan; parts that contradict each other may be those of two
 *   documents: nobody is accused.
 */
import { TwoDDocError } from "./header.ts";

export const MAX_PART = 4_096;
const MAX_PARTS = 16;

/** These symbols cannot be parts of one code. */
export class PartsError extends TwoDDocError {
  constructor(problem: string) {
    super("set-mismatch", problem, "one-document");
  }
}

/** Parts are still to be scanned; `missing` counts from 1, as people do. */
export class PartMissingError extends TwoDDocError {
  constructor(
    readonly missing: readonly number[],
    readonly count: number,
  ) {
    super("set-incomplete", `got ${count - missing.length} of ${count} parts`, "scan-again");
  }
}

interface Part {
  readonly setName: string;
  readonly index: number;
  readonly count: number;
  readonly content: string;
}

/** Tell whether a symbol is one part of a code. */
export function isPart(symbol: string): boolean {
  return partOf(symbol) !== null;
}

/** Name the set that a symbol is part of; null for a whole code. */
export function setOf(symbol: string): string | null {
  return partOf(symbol)?.setName ?? null;
}

/** Put the parts of one code together, in whatever order and however often they were scanned. */
export function join(symbols: readonly string[]): string {
  const byIndex = new Map<number, string>();
  let first: Part | null = null;
  for (const part of symbols.map(parsePart)) {
    first ??= part;
    if (part.setName !== first.setName || part.count !== first.count) {
      throw new PartsError("got parts of different sets");
    }
    if ((byIndex.get(part.index) ?? part.content) !== part.content) {
      throw new PartsError("got two different parts under one index");
    }
    byIndex.set(part.index, part.content);
  }
  if (first === null) throw new PartsError("got no part");
  const indexes = Array.from({ length: first.count }, (_, index) => index);
  const missing = indexes.filter((index) => !byIndex.has(index)).map((index) => index + 1);
  if (missing.length > 0) throw new PartMissingError(missing, first.count);
  return indexes.map((index) => byIndex.get(index)).join("");
}

function parsePart(symbol: string): Part {
  if (symbol.length > MAX_PART) {
    const problem = `got ${symbol.length} bytes, expected at most ${MAX_PART}`;
    throw new TwoDDocError("too-long", problem, "none", MAX_PART);
  }
  const part = partOf(symbol);
  if (part === null) throw new PartsError("got a symbol that is no part");
  return part;
}

function partOf(symbol: string): Part | null {
  if (symbol.length > MAX_PART) return null;
  const part = inCharacters(symbol) ?? inBytes(symbol);
  return part !== null && part.index < part.count && part.count <= MAX_PARTS ? part : null;
}

function inCharacters(symbol: string): Part | null {
  const found = /^(E[A-Z0-9]{3})([0-9A-F])([1-9A-F])/.exec(symbol);
  if (found === null) return null;
  const [, setName = "", index = "", last = ""] = found;
  const count = Number.parseInt(last, 16) + 1;
  return { setName, index: Number.parseInt(index, 16), count, content: symbol.slice(6) };
}

function inBytes(symbol: string): Part | null {
  if (!symbol.startsWith("\xee") || symbol.length < 4) return null;
  const place = symbol.charCodeAt(3);
  const count = MAX_PARTS + 1 - (place % MAX_PARTS);
  return { setName: symbol.slice(0, 3), index: Math.floor(place / MAX_PARTS), count, content: symbol.slice(4) };
}
