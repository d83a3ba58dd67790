/** Altered codes: the browser's answer is Python's, word for word (`test_browser_twins.py` writes them). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { checkSymbols, type CodeVerdict } from "../../verifier/web/client/checks/twoddoc.ts";
import { NotTwoDDocError } from "../../verifier/web/client/twoddoc/header.ts";
import { row, symbol, trustOf } from "./facts.ts";

type Row = readonly [symbols: readonly string[], repair: boolean, answer: unknown];

const PATH = process.env["COFFRE_TWINS"];
const NOW = new Date("2026-11-21T12:00:00Z");
const DAYS = { first: "2026-01-01", last: "2028-01-01" };
const CERTIFICATE = { ...DAYS, authority: DAYS };
const TRUST = trustOf([row("FR00", "TEST", CERTIFICATE), row("FR00", "0AB01", CERTIFICATE)]);

async function answer(symbols: readonly string[], repair: boolean): Promise<unknown> {
  try {
    return told(await checkSymbols(symbols.map(symbol), TRUST, NOW, { repair }));
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
    fields: verdict.fields.map((one) => [one.di, one.raw, one.truncated]),
    annex: verdict.annex.map((one) => [one.di, one.raw]),
    header: header && [header.caId, header.certificateId, header.docType, header.issueDate, header.signatureDate],
  };
}

test("altered codes get the answers of Python", { skip: PATH === undefined && "set COFFRE_TWINS" }, async () => {
  const rows = JSON.parse(readFileSync(PATH ?? "", "utf-8")) as Row[];
  assert.ok(rows.length >= 50);
  for (const [symbols, repair, expected] of rows) {
    assert.deepEqual(await answer(symbols, repair), expected, JSON.stringify({ symbols, repair }));
  }
});
