/** Codes that a file bears, and the parts of one code brought together: twin of `verifier/checks/codes/sets.py`. */
import { textOf } from "../twoddoc/message.ts";
import { setOf } from "../twoddoc/parts.ts";

/** One symbol, and the page where it was first met. */
export interface PageSymbol {
  readonly page: number;
  readonly bytes: Uint8Array;
}

/** One code of a file: its symbols as they were met, one unless it is spread over several. */
export interface GatheredCode {
  readonly page: number;
  readonly symbols: readonly Uint8Array[];
}

/** Bring the parts of each code together; the order is that of the first symbols. */
export function gathered(codes: readonly PageSymbol[]): readonly GatheredCode[] {
  const groups = new Map<string | number, PageSymbol[]>();
  for (const [number, code] of codes.entries()) {
    const name = setOf(textOf(code.bytes)) ?? number;
    groups.set(name, [...(groups.get(name) ?? []), code]);
  }
  return [...groups.values()].map((group) => ({
    page: Math.min(...group.map((code) => code.page)),
    symbols: group.map((code) => code.bytes),
  }));
}

/** Cut a pasted text into its symbols: lines that are each one part of a code, else the whole. */
export function pastedSymbols(text: string): readonly string[] {
  const lines = text.split(/[\r\n]/).filter((line) => line !== "");
  return lines.length > 0 && lines.every((line) => setOf(line) !== null) ? lines : [text];
}
