/** A device that could not renew its lists concludes nothing good. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkLists } from "../../verifier/web/client/checks/lists.ts";
import { trustOf } from "./facts.ts";

const LISTS = trustOf([], { given: "2026-11-21T12:00:00Z", renew_by: "2026-11-24T12:00:00Z" });
const rows: readonly (readonly [string, string, string | null, string])[] = [
  ["2026-11-21T12:00:00Z", "as they are given", null, "lists-renewed"],
  ["2026-11-24T12:00:00Z", "to the last moment", null, "lists-renewed"],
  ["2026-11-24T12:00:01Z", "after it", "TRY_LATER", "lists-not-renewed"],
  ["2026-11-20T12:00:00Z", "by a clock a day slow", null, "lists-renewed"],
  ["2026-11-20T11:59:59Z", "by a slower clock", "TRY_LATER", "clock-behind-lists"],
];
for (const [now, when, subIndication, reason] of rows) {
  test(`lists asked ${when}: ${reason}`, () => {
    const told = checkLists(LISTS, new Date(now));
    assert.deepEqual([told.subIndication, told.reason], [subIndication, reason]);
  });
}

test("lists whose dates cannot be read never serve", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  for (const extra of [{ given: "x" }, { renew_by: "x" }]) {
    const broken = { ...{ given: "2026-11-21T12:00:00Z", renew_by: "2026-11-24T12:00:00Z" }, ...extra };
    assert.equal(checkLists(trustOf([], broken), now).indication, "INDETERMINATE");
  }
  assert.throws(() => trustOf([], { given: null }), TypeError);
});
