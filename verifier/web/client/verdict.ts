/**
 * What the verifier answers: twin of `verifier/verdict.py`, for one code.
 *
 * - an answer is one of three, never a yes or a no, and always carries its reason;
 * - checks stand in the order of the table: the first that did not pass gives the conclusion, every
 *   other one is still listed;
 * - a fault of ours is never a verdict: it is an exception.
 */
export type Indication = "TOTAL-PASSED" | "INDETERMINATE" | "TOTAL-FAILED";

/** One test and its answer. `id` and `reason` are stable names; `details` are for the screen. */
export interface Check {
  readonly id: string;
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly reason: string;
  readonly details: Readonly<Record<string, string>>;
}

/** What follows from some checks: the answer, and the check that gave it. */
export interface Conclusion {
  readonly indication: Indication;
  readonly subIndication: string | null;
  readonly reason: string;
}

type Details = Readonly<Record<string, string>>;

/** Say that a test passed. */
export function passed(id: string, reason: string, details: Details = {}): Check {
  return { id, indication: "TOTAL-PASSED", subIndication: null, reason, details };
}

/** Say that a test proves the code false or broken. */
export function failed(id: string, reason: string, subIndication: string, details: Details = {}): Check {
  return { id, indication: "TOTAL-FAILED", subIndication, reason, details };
}

/** Say that a test can conclude neither way. */
export function unsure(id: string, reason: string, subIndication: string, details: Details = {}): Check {
  return { id, indication: "INDETERMINATE", subIndication, reason, details };
}

/** Conclude from the checks of one code: the first that did not pass wins. */
export function conclude(checks: readonly Check[]): Conclusion {
  if (checks.length === 0) throw new Error("got no check, expected at least one");
  const first = checks.find((check) => check.indication !== "TOTAL-PASSED");
  if (first === undefined) return { indication: "TOTAL-PASSED", subIndication: null, reason: "all-passed" };
  return { indication: first.indication, subIndication: first.subIndication, reason: first.reason };
}
