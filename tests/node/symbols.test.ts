/** The browser's reader on published images, given as grey pixels by pytest (`COFFRE_GREYS`). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

import { greyOf, prepare, readSymbols } from "../../verifier/web/client/reading/symbols.ts";

interface Sample {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly expected: string | null;
}

const ROOT = process.env["COFFRE_ROOT"] ?? ".";
const FOLDER = process.env["COFFRE_GREYS"];
const SAMPLES =
  FOLDER === undefined ? [] : (JSON.parse(readFileSync(join(FOLDER, "index.json"), "utf-8")) as Sample[]);

before(async () => {
  const wasm = readFileSync(join(ROOT, "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm"));
  await prepare(Uint8Array.from(wasm).buffer);
});

for (const sample of SAMPLES) {
  test(`${sample.file} is read byte for byte`, async () => {
    const data = new Uint8ClampedArray(readFileSync(join(FOLDER ?? "", `${sample.file}.grey`)));
    const { width, height } = sample;
    const found = await readSymbols({ data, width, height }, true);
    const texts = found.map((symbol) => Buffer.from(symbol.bytes).toString("latin1"));
    if (sample.expected === null) assert.deepEqual(texts, []);
    else assert.ok(texts.includes(sample.expected), `found ${texts.length}`);
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
