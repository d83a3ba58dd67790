/** Pictures in Chromium: the product's own road, from the file to the reader's thread. */
import { Reader } from "../../../verifier/web/client/ports/reader.ts";
import { readDocument } from "../../../verifier/web/client/reading/document.ts";
import { openPages } from "../../../verifier/web/client/reading/pages.ts";

const told = (await (await fetch("reader.json")).json()) as { script: string; wasm: string; wasmIntegrity: string };
const reader = new Reader(told);

/** Give the engine's bytes. */
export async function engine(): Promise<ArrayBuffer> {
  return (await fetch(told.wasm)).arrayBuffer();
}

/** Give the codes of a published picture. */
export async function codesOf(file: string): Promise<readonly Uint8Array[]> {
  const picture = await (await fetch(`samples/${file}`)).blob();
  const pages = await openPages(picture, { script: "", worker: "", decoders: new Map() });
  const found = await readDocument(pages, reader, () => undefined);
  await pages.close();
  return found.codes.map(({ bytes }) => bytes);
}
