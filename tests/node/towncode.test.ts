/** The browser's town code reader on the vectors that pytest reads. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { checkTownCode, type TownVerdict } from "../../verifier/web/client/checks/towncode.ts";
import { TownCodeError } from "../../verifier/web/client/towncode/errors.ts";
import { looksLikeTownCode, parse } from "../../verifier/web/client/towncode/message.ts";
import type { TrustList } from "../../verifier/web/client/trust/trust_list.ts";
import { conclude } from "../../verifier/web/client/verdict.ts";
import { sealRow, SHARED_TOWN, symbol, TOWN, trustOf } from "./facts.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const OURS = trustOf([], { seals: [sealRow(TOWN.seal)] });

const HELD_AGAINST_NOBODY: Readonly<Record<string, readonly string[]>> = {
  "cut-short": ["INDETERMINATE", "SIGNED_DATA_NOT_FOUND"],
  "layout-unknown": ["INDETERMINATE", "POLICY_PROCESSING_ERROR"],
};

for (const code of TOWN.codes.filter((one) => one.signature !== undefined)) {
  test(`${code.name} ${code.note}`, async () => {
    const found = await checkTownCode(symbol(code.raw), OURS, NOW);
    const { indication, subIndication, reason } = conclude(found.checks);
    if (code.signature === "invalid") {
      assert.deepEqual([indication, subIndication], ["TOTAL-FAILED", "SIG_CRYPTO_FAILURE"]);
      assert.deepEqual([found.fields, found.findings], [[], []], "nothing unproved is shown");
      return;
    }
    assert.deepEqual(parse(symbol(code.raw)).pairs.map((pair) => [pair.label, pair.value]), code.fields);
    assert.deepEqual(found.findings, code.findings);
    assert.deepEqual(found.fields.map((field) => field.raw), code.fields?.map(([, value]) => value));
    const odd = code.findings?.some((finding) => !finding.startsWith("value-invalid")) === true;
    assert.equal(reason, odd ? "content-unclear" : "all-passed");
  });
}

for (const code of TOWN.codes.filter((one) => one.error !== undefined)) {
  test(`${code.name} ${code.note}`, async () => {
    assert.throws(() => parse(symbol(code.raw)), (problem) => problem instanceof TownCodeError && problem.reason === code.error);
    if (code.error === "not-towncode") {
      assert.ok(!looksLikeTownCode(symbol(code.raw)));
      return;
    }
    assert.ok(looksLikeTownCode(symbol(code.raw)));
    const { indication, subIndication, reason } = conclude((await checkTownCode(symbol(code.raw), OURS, NOW)).checks);
    const told = HELD_AGAINST_NOBODY[code.error ?? ""] ?? ["TOTAL-FAILED", "FORMAT_FAILURE"];
    assert.deepEqual([indication, subIndication], told);
    assert.equal(reason, code.error);
  });
}

test("a code cut anywhere asks for another scan, and shows nothing", async () => {
  for (const code of TOWN.codes.filter((one) => one.signature === "valid")) {
    for (let end = 4; end < code.raw.length; end += 1) {
      const found = await checkTownCode(symbol(code.raw.slice(0, end)), OURS, NOW);
      const { indication, subIndication, reason } = conclude(found.checks);
      assert.deepEqual([indication, subIndication, reason], ["INDETERMINATE", "SIGNED_DATA_NOT_FOUND", "cut-short"], `${code.name} ${end}`);
      assert.deepEqual(found.fields, []);
    }
  }
});

test("the shared town codes are there", { skip: SHARED_TOWN === null && "set COFFRE_SHARED" }, () => {
  assert.equal(SHARED_TOWN?.vectors.length, 13);
});
for (const code of SHARED_TOWN?.vectors ?? []) {
  test(`${code.name} is concluded upon as its author says`, async () => {
    const trust = trustOf([], { seals: [sealRow(SHARED_TOWN?.seal ?? {})] });
    const found = await checkTownCode(symbol(code.raw), trust, NOW);
    const { indication, subIndication } = conclude(found.checks);
    assert.deepEqual({ indication, sub_indication: subIndication }, code.expected);
    const { fields } = code;
    if (fields === undefined) return;
    assert.deepEqual(parse(symbol(code.raw)).pairs.flatMap((pair) => [pair.label, pair.value]), fields);
    assert.deepEqual(found.fields.map((field) => field.raw), fields.filter((_, place) => place % 2 === 1));
  });
}

const GOOD = TOWN.codes.find((code) => code.name === "two-registered")?.raw ?? "";
const chained = { pinned: false, authority: { first: "2026-01-01", last: "2046-01-01" }, list_good_until: "2099-01-01T00:00:00Z" };
const rows: readonly (readonly [string, Record<string, unknown>, string, string])[] = [
  ["all is well", {}, "TOTAL-PASSED", "all-passed"],
  ["no chain to an authority", { chained: false, authority: null }, "INDETERMINATE", "authority-not-listed"],
  ["revoked, whatever the date", { revoked: { at: "2026-11-21", why: "unspecified" } }, "TOTAL-FAILED", "revoked"],
  ["issued before the certificate", { first: "2027-01-01" }, "TOTAL-FAILED", "signed-before-certificate"],
  ["issued before the authority", { authority: { first: "2027-01-01", last: "2046-01-01" } }, "TOTAL-FAILED", "signed-before-certificate"],
  ["issued after the certificate", { last: "2026-06-01" }, "INDETERMINATE", "signed-after-certificate"],
  ["another kind of key", { key: null }, "INDETERMINATE", "key-not-allowed"],
  ["a key for other uses", { key_usage: "key-usage-not-signature" }, "INDETERMINATE", "key-usage-not-signature"],
  ["a certificate of time-stamps", { purpose: "certificate-for-something-else" }, "INDETERMINATE", "certificate-for-something-else"],
  ["a word of the server that nobody knows", { purpose: "anything" }, "INDETERMINATE", "anything"],
  ["no list", { list_good_until: null }, "INDETERMINATE", "no-list"],
  ["list too old", { list_good_until: "2026-11-20T00:00:00Z" }, "INDETERMINATE", "list-too-old"],
];
for (const [why, extra, indication, reason] of rows) {
  test(`trust: ${why}`, async () => {
    const trust = trustOf([], { seals: [sealRow(TOWN.seal, { ...chained, ...extra })] });
    const conclusion = conclude((await checkTownCode(symbol(GOOD), trust, NOW)).checks);
    assert.deepEqual([conclusion.indication, conclusion.reason], [indication, reason]);
  });
}

test("a thumbprint of nobody, and an issue in the future, conclude nothing", async () => {
  const unknown = await checkTownCode(symbol(GOOD), trustOf([]), NOW);
  assert.equal(conclude(unknown.checks).subIndication, "NO_SIGNING_CERTIFICATE_FOUND");
  const early = await checkTownCode(symbol(GOOD), OURS, new Date("2026-11-19T08:00:00Z"));
  assert.equal(conclude(early.checks).subIndication, "TIMESTAMP_ORDER_FAILURE");
});

test("white space of a pasted text is taken out only when asked", async () => {
  const pasted = symbol(`${GOOD.slice(0, 60)}\r\n${GOOD.slice(60)}\n`);
  assert.equal(conclude((await checkTownCode(pasted, OURS, NOW)).checks).reason, "base32-invalid");
  const found = await checkTownCode(pasted, OURS, NOW, { repair: true });
  assert.deepEqual([conclude(found.checks).reason, found.findings], ["all-passed", ["repaired-transport"]]);
});

test("no changed bit of a code passes, and nothing but our own error is thrown", async () => {
  for (let place = 4; place < GOOD.length; place += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const bytes = symbol(GOOD);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
      assert.ok(await refuses(bytes, OURS), `${place}.${bit}`);
    }
  }
});

async function refuses(bytes: Uint8Array, trust: TrustList): Promise<boolean> {
  const found: TownVerdict = await checkTownCode(bytes, trust, NOW);
  return conclude(found.checks).indication !== "TOTAL-PASSED" && found.fields.length === 0;
}
