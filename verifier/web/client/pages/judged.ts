/** Codes -> answers on the screen, the worst first. */
import { checkLists } from "../checks/lists.ts";
import { gathered, type GatheredCode, type PageSymbol } from "../checks/sets.ts";
import { checkTownCode } from "../checks/towncode.ts";
import { checkSymbols } from "../checks/twoddoc.ts";
import { looksLikeTownCode } from "../towncode/message.ts";
import { NotTwoDDocError } from "../twoddoc/header.ts";
import type { Lists } from "../ports/trust.ts";
import { MAX_PAGES } from "../reading/pages.ts";
import { answerOf, messageOf, type Context } from "./answer.ts";
import { townAnswerOf } from "./town_answer.ts";
import { say } from "./words.ts";
import { worthOf, type Drawn } from "./worth.ts";

/** Where codes came from; `left` counts the pages that were not read. */
export interface Source {
  readonly from: string;
  readonly repair: boolean;
  readonly kind: "pdf" | "image" | "text";
  readonly left: number;
  readonly pictures: ReadonlyMap<number, HTMLElement>;
}

/** What every answer is drawn with. */
export interface Ground {
  readonly lang: string;
  readonly now: Date;
  readonly lists: Lists;
}

/** Verify every code and draw the answers. */
export async function judged(found: readonly PageSymbol[], source: Source, ground: Ground): Promise<Drawn[]> {
  const codes = gathered(found);
  const drawn: Drawn[] = [];
  const pictures = new Map(source.pictures);
  for (const [place, code] of codes.entries()) {
    const context: Context = { ...ground, from: fromOf(code, place, codes.length, source), unchecked: unchecked(source), picture: pictures.get(code.page) ?? null };
    // A picture stands in one place: beside the first code of its page.
    pictures.delete(code.page);
    try {
      drawn.push(await judgedOne(code, source, context));
    } catch (problem) {
      if (!(problem instanceof NotTwoDDocError)) throw problem;
      drawn.push({ worth: 3, shown: otherCode(problem), kind: say("history.other") });
    }
  }
  return drawn;
}

async function judgedOne(code: GatheredCode, source: Source, context: Context): Promise<Drawn> {
  const { trust } = context.lists;
  const [first] = code.symbols;
  const age = checkLists(trust, context.now);
  if (first !== undefined && looksLikeTownCode(first)) {
    const verdict = await checkTownCode(first, trust, context.now, { repair: source.repair });
    const checks = [...verdict.checks, age];
    return { worth: worthOf(checks), shown: townAnswerOf({ ...verdict, checks }, context), kind: say("history.town") };
  }
  const verdict = await checkSymbols(code.symbols, trust, context.now, { repair: source.repair });
  const checks = [...verdict.checks, age];
  return { worth: worthOf(checks), shown: answerOf({ ...verdict, checks }, context), kind: say("history.twoddoc") };
}

function otherCode(problem: NotTwoDDocError): HTMLElement {
  const known = problem.looksLike === "" ? [] : [say(`other.${problem.looksLike}`)];
  return messageOf("grey", say("word.other"), say("other.reason"), known);
}

function fromOf(code: GatheredCode, place: number, count: number, source: Source): string {
  const where = source.kind === "pdf" ? `${source.from} · ${say("from.page", { page: code.page })}` : source.from;
  return count === 1 ? where : say("from.several", { from: where, number: place + 1, count });
}

function unchecked(source: Source): string[] {
  const sentences = [say("unchecked.since")];
  if (source.left > 0) sentences.push(say("unchecked.pages", { limit: MAX_PAGES, left: source.left }));
  return sentences;
}
