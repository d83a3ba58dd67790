/** Vectors, and codes altered at random: the browser's answer is Python's, word for word and value for value. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkSymbols, type CodeVerdict } from "../../verifier/web/client/checks/twoddoc.ts";
import { parseTrustList, type TrustList } from "../../verifier/web/client/trust/trust_list.ts";
import { NotTwoDDocError } from "../../verifier/web/client/twoddoc/header.ts";
import type { Value } from "../../verifier/web/client/twoddoc/values.ts";
import { symbol, TWINS } from "./facts.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const LISTS = new Map(Object.entries(TWINS?.lists ?? {}).map(([name, told]) => [name, parseTrustList(told)]));

async function answer(symbols: readonly string[], repair: boolean, trust: TrustList): Promise<unknown> {
  try {
    return told(await checkSymbols(symbols.map(symbol), trust, NOW, { repair }));
  } catch (problem) {
    if (problem instanceof NotTwoDDocError) return { looks_like: problem.looksLike };
    throw problem;
  }
}

function told(verdict: CodeVerdict): unknown {
  const { header } = verdict;
  return {
    checks: verdict.checks.map((one) => [one.id, one.indication, one.subIndication, one.reason]),
    findings: verdict.findings,
    fields: verdict.fields.map((one) => [one.di, one.raw, one.truncated, written(one.value)]),
    annex: verdict.annex.map((one) => [one.di, one.raw]),
    header: header && [header.caId, header.certificateId, header.docType, header.issueDate, header.signatureDate],
  };
}

/** Write a value as Python's `str` of it. */
function written(value: Value | null): string | null {
  if (value === null) return null;
  switch (value.is) {
    case "text":
      return value.text;
    case "number":
      // Python counts; the browser keeps the digits as they stand.
      return value.text.replace(/^(-?)0+(?=\d)/, "$1");
    case "flag":
      return value.flag ? "True" : "False";
    case "period":
      return `${value.first}/${value.last}`;
    default:
      return value.iso;
  }
}

test("every code gets the answer of Python", { skip: TWINS === null && "set COFFRE_TWINS" }, async () => {
  assert.ok(TWINS !== null && TWINS.rows.length >= 50);
  for (const [symbols, repair, lists, expected] of TWINS.rows) {
    const trust = LISTS.get(lists);
    assert.ok(trust);
    assert.deepEqual(await answer(symbols, repair, trust), expected, JSON.stringify({ symbols, repair, lists }));
  }
});
