/** The seal of a PDF in the browser: never green where Python is not, never red where it is not. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkSeal } from "../../verifier/web/client/checks/seal.ts";
import { parseTrustList } from "../../verifier/web/client/trust/trust_list.ts";
import { conclude } from "../../verifier/web/client/verdict.ts";
import { bytesOf, SEALS } from "./facts.ts";

test("the sealed files are there", { skip: SEALS === null && "set COFFRE_SEALS" }, () => {
  assert.ok((SEALS?.rows.length ?? 0) > 40);
});

const TRUST = SEALS === null ? null : parseTrustList(SEALS.lists);

/** Give what the browser says, as one of Python's words, and why. */
async function ours(pdf: string, now: string): Promise<readonly [string, string]> {
  if (TRUST === null) throw new Error("got no lists");
  const found = await checkSeal(bytesOf(pdf), TRUST, new Date(now));
  if (found === null) return ["none", ""];
  const { indication, reason } = conclude(found.checks);
  return [indication, reason];
}

/** Give what Python says of the whole file: its worst seal. */
function theirs(told: readonly string[]): string {
  if (told.length === 0) return "none";
  return ["TOTAL-FAILED", "INDETERMINATE"].find((one) => told.includes(one)) ?? "TOTAL-PASSED";
}

test("no sealed file gets a better or a worse answer than Python's", async () => {
  const wrong: string[] = [];
  for (const row of SEALS?.rows ?? []) {
    const [mine, reason] = await ours(row.pdf, row.now);
    const python = theirs(row.told);
    // What the browser cannot tell is INDETERMINATE, whatever Python says.
    const agree = mine === python || (mine === "INDETERMINATE" && python !== "none");
    if (!agree) wrong.push(`${row.name}: ${python} -> ${mine} ${reason} (${row.reasons.join(" ")})`);
  }
  assert.deepEqual(wrong, []);
});

const NAMED: Readonly<Record<string, readonly [string, string]>> = {
  "another signature": ["INDETERMINATE", "seal-signature-false"],
  "another stamp": ["INDETERMINATE", "time-stamp-broken"],
  "another order": ["INDETERMINATE", "contents-not-canonical"],
  "a stranger": ["INDETERMINATE", "foreign-certificate-carried"],
  "another page": ["TOTAL-FAILED", "content-changed"],
  "bytes behind": ["INDETERMINATE", "later-revision-unread"],
  "a revision behind": ["INDETERMINATE", "later-revision-unread"],
  "two seals' traces": ["INDETERMINATE", "several-seals-unread"],
  "cut": ["INDETERMINATE", "later-revision-unread"],
  "never sealed": ["none", ""],
  "judged -30 days later": ["INDETERMINATE", "certificate-out-of-date"],
  "judged 400 days later": ["TOTAL-PASSED", "all-passed"],
  "judged 4000 days later": ["INDETERMINATE", "list-too-old"],
};
for (const row of SEALS?.rows ?? []) {
  const wanted = row.name.startsWith("genuine") ? (["TOTAL-PASSED", "all-passed"] as const) : NAMED[row.name];
  if (wanted === undefined) continue;
  test(`sealed file: ${row.name}`, async () => {
    assert.deepEqual(await ours(row.pdf, row.now), wanted);
  });
}
