/** One answer among others: the worst stands first. */
import { conclude, type Check } from "../verdict.ts";
import { element, part, say } from "./words.ts";

/** One answer, drawn. `worth`: 0 false, 1 nothing concluded, 2 proved, 3 no verdict at all. */
export interface Drawn {
  readonly worth: number;
  readonly shown: HTMLElement;
  readonly kind: string;
}

const WORTH = { "TOTAL-FAILED": 0, INDETERMINATE: 1, "TOTAL-PASSED": 2 } as const;

/** Tell where an answer stands among others. */
export function worthOf(checks: readonly Check[]): number {
  return WORTH[conclude(checks).indication];
}

/** Put the worst first; what is no code of ours is only told where there is nothing else. */
export function worstFirst(drawn: readonly Drawn[]): readonly Drawn[] {
  const verdicts = drawn.filter((one) => one.worth < 3);
  if (verdicts.length === 0) return drawn.slice(0, 1);
  const sorted = [...verdicts].sort((first, second) => first.worth - second.worth);
  if (sorted[0]?.worth === 0) sorted.filter((one) => one.worth === 2).forEach(warn);
  return sorted;
}

/** What is proved beside what is false must not be read alone. */
function warn({ shown }: Drawn): void {
  part('[data-slot="word"]', HTMLElement, shown).after(element("p", say("beside-false"), "chip red"));
}
