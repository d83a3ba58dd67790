/** What a whole file adds to its codes: the answer on its seal, the pictures of its pages. */
import type { PageSymbol } from "../checks/sets.ts";
import type { Pages } from "../reading/pages.ts";
import type { Context } from "./answer.ts";
import { sealAnswerOf } from "./seal_answer.ts";
import { say } from "./words.ts";
import type { Drawn } from "./worth.ts";

const MOST_PICTURES = 4;

/** Judge the seal of a PDF by the script that knows seals; null where it bears no trace of one. */
export async function sealOf(file: File, script: string, context: Context): Promise<Drawn | null> {
  const library = (await import(script)) as typeof import("../checks/seal.ts");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const verdict = await library.checkSeal(bytes, context.lists.trust, context.now);
  return verdict === null ? null : sealAnswerOf(verdict, context);
}

/** Give pictures of the first pages that bear a code, for the agent to compare. */
export async function picturesOf(pages: Pages, codes: readonly PageSymbol[]): Promise<ReadonlyMap<number, HTMLElement>> {
  const numbers = [...new Set(codes.map((code) => code.page))].slice(0, MOST_PICTURES);
  const found = new Map<number, HTMLElement>();
  for (const number of numbers) {
    const picture = await pages.list.find((page) => page.number === number)?.picture();
    if (picture === undefined) continue;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", say("picture.page", { page: number }));
    found.set(number, picture);
  }
  return found;
}
