/** The reader's own thread: pixels in, codes out; the page stays alive meanwhile. */
import { greyOf, prepare, readSymbols, type FoundSymbol } from "./symbols.ts";

/** What the page asks: first the engine, then pages (RGBA). */
export type Question =
  | { readonly id: number; readonly wasm: ArrayBuffer }
  | {
      readonly id: number;
      readonly rgba: Uint8ClampedArray;
      readonly width: number;
      readonly height: number;
      readonly thorough: boolean;
    };

/** What the reader answers: what it found, or why it could not look. */
export interface Answer {
  readonly id: number;
  readonly found: readonly FoundSymbol[];
  readonly fault: string | null;
}

async function answer(question: Question): Promise<readonly FoundSymbol[]> {
  if ("wasm" in question) {
    await prepare(question.wasm);
    return [];
  }
  return readSymbols(greyOf(question.rgba, question.width, question.height), question.thorough);
}

globalThis.addEventListener("message", (event: MessageEvent<Question>) => {
  const { id } = event.data;
  const reply = (told: Answer): void => {
    (globalThis as unknown as { postMessage: (told: Answer) => void }).postMessage(told);
  };
  answer(event.data).then(
    (found) => {
      reply({ id, found, fault: null });
    },
    (problem: unknown) => {
      reply({ id, found: [], fault: String(problem) });
    },
  );
});
