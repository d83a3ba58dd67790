/** Codes -> answers on the screen, the worst first. */
import { checkLists } from "../checks/lists.ts";
import { gathered, type GatheredCode, type PageSymbol } from "../checks/sets.ts";
import { checkTownCode } from "../checks/towncode.ts";
import { checkSymbols } from "../checks/twoddoc.ts";
import { looksLikeTownCode } from "../towncode/message.ts";
import { NotTwoDDocError } from "../twoddoc/header.ts";
import { conclude, type Check } from "../verdict.ts";
import type { Lists } from "../ports/trust.ts";
import { MAX_PAGES } from "../reading/pages.ts";
import { answerOf, messageOf, type Context } from "./answer.ts";
import { townAnswerOf } from "./town_answer.ts";
import { say } from "./words.ts";

/** Where codes came from; `left` counts the pages that were not read. */
export interface Source {
  readonly from: string;
  readonly repair: boolean;
  readonly kind: "pdf" | "image" | "text";
  readonly left: number;
}

/** What every answer is drawn with. */
export interface Ground {
  readonly lang: string;
  readonly now: Date;
  readonly lists: Lists;
}

/** One answer, drawn. `worth`: 0 false, 1 nothing concluded, 2 proved, 3 no verdict at all. */
export interface Drawn {
  readonly worth: number;
  readonly shown: HTMLElement;
}

const WORTH = { "TOTAL-FAILED": 0, INDETERMINATE: 1, "TOTAL-PASSED": 2 } as const;

/** Verify every code and draw the answers. */
export async function judged(found: readonly PageSymbol[], source: Source, ground: Ground): Promise<Drawn[]> {
  const codes = gathered(found);
  const drawn: Drawn[] = [];
  for (const [place, code] of codes.entries()) {
    const context: Context = { ...ground, from: fromOf(code, place, codes.length, source), unchecked: unchecked(source) };
    try {
      drawn.push(await judgedOne(code, source, context));
    } catch (problem) {
      if (!(problem instanceof NotTwoDDocError)) throw problem;
      drawn.push({ worth: 3, shown: otherCode(problem) });
    }
  }
  return drawn;
}

/** Put the worst first; what is no code of ours is only told where there is nothing else. */
export function worstFirst(drawn: readonly Drawn[]): HTMLElement[] {
  const verdicts = drawn.filter((one) => one.worth < 3);
  if (verdicts.length === 0) return drawn.slice(0, 1).map((one) => one.shown);
  return [...verdicts].sort((first, second) => first.worth - second.worth).map((one) => one.shown);
}

/** Tell where an answer stands among others. */
export function worthOf(checks: readonly Check[]): number {
  return WORTH[conclude(checks).indication];
}

async function judgedOne(code: GatheredCode, source: Source, context: Context): Promise<Drawn> {
  const { trust } = context.lists;
  const [first] = code.symbols;
  const age = checkLists(trust, context.now);
  if (first !== undefined && looksLikeTownCode(first)) {
    const verdict = await checkTownCode(first, trust, context.now, { repair: source.repair });
    const checks = [...verdict.checks, age];
    return { worth: worthOf(checks), shown: townAnswerOf({ ...verdict, checks }, context) };
  }
  const verdict = await checkSymbols(code.symbols, trust, context.now, { repair: source.repair });
  const checks = [...verdict.checks, age];
  return { worth: worthOf(checks), shown: answerOf({ ...verdict, checks }, context) };
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
  const names = source.kind === "pdf" ? ["seal", "since"] : ["since"];
  const sentences = names.map((name) => say(`unchecked.${name}`));
  if (source.left > 0) sentences.push(say("unchecked.pages", { limit: MAX_PAGES, left: source.left }));
  return sentences;
}
