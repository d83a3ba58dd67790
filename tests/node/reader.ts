/**
 * Pictures in Node, which decodes none: pytest gives their grey pixels (`COFFRE_GREYS`).
 *
 * In Chromium `browser/reader.ts` stands in its place.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { readSymbols } from "../../verifier/web/client/reading/symbols.ts";

interface Grey {
  readonly file: string;
  readonly width: number;
  readonly height: number;
}

const ROOT = process.env["COFFRE_ROOT"] ?? ".";
const FOLDER = process.env["COFFRE_GREYS"];
const GREYS = FOLDER === undefined ? null : (JSON.parse(readFileSync(join(FOLDER, "index.json"), "utf-8")) as Grey[]);

/** Give the engine's bytes. */
export function engine(): Promise<ArrayBuffer> {
  const wasm = readFileSync(join(ROOT, "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm"));
  return Promise.resolve(Uint8Array.from(wasm).buffer);
}

/** Give the codes of a published picture; null without its pixels. */
export async function codesOf(file: string): Promise<readonly Uint8Array[] | null> {
  const grey = GREYS?.find((one) => one.file === file);
  if (grey === undefined) return null;
  const data = new Uint8ClampedArray(readFileSync(join(FOLDER ?? "", `${file}.grey`)));
  const found = await readSymbols({ data, width: grey.width, height: grey.height }, true);
  return found.map(({ bytes }) => bytes);
}
