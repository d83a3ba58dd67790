/** The browser's reader on the published images, and what their codes are worth. */
import assert from "node:assert/strict";
import { before, test } from "node:test";

import { checkTwoDDoc } from "../../verifier/web/client/checks/twoddoc.ts";
import { greyOf, prepare, readSymbols } from "../../verifier/web/client/reading/symbols.ts";
import { conclude } from "../../verifier/web/client/verdict.ts";
import { SHARED, sharedTrust, symbol } from "./facts.ts";
import { codesOf, engine } from "./reader.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const TRUSTS = { expected_test_mode: sharedTrust("test"), expected_production: sharedTrust("production") };

before(async () => {
  await prepare(await engine());
});

for (const sample of SHARED?.samples ?? []) {
  test(`${sample.file} is read byte for byte, and judged as its code`, async (context) => {
    const found = await codesOf(sample.file);
    if (found === null) {
      context.skip("set COFFRE_GREYS");
      return;
    }
    const wanted = sample.expected_raw === null ? [] : [symbol(sample.expected_raw)];
    assert.deepEqual(found, wanted);
    const vector = SHARED?.codes.find((code) => code.name === sample.vector);
    assert.equal(vector === undefined, sample.expected_raw === null);
    for (const raw of found) {
      for (const mode of ["expected_test_mode", "expected_production"] as const) {
        const { indication, subIndication } = conclude((await checkTwoDDoc(raw, TRUSTS[mode], NOW)).checks);
        assert.deepEqual({ indication, sub_indication: subIndication }, vector?.[mode], mode);
      }
    }
  });
}

test("an empty page holds no code, with every retry", async () => {
  const data = new Uint8ClampedArray(300 * 200).fill(255);
  assert.deepEqual(await readSymbols({ data, width: 300, height: 200 }, true), []);
});

test("colours become grey, and what is transparent becomes white", () => {
  const rgba = Uint8ClampedArray.from([0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 255, 0, 0, 255]);
  assert.deepEqual([...greyOf(rgba, 4, 1).data], [0, 255, 255, 76]);
});
