/**
 * A file -> every code of its pages; nothing is proved here.
 *
 * A page is first read fast; when nothing is found it is drawn finer and read with retries. The same
 * bytes met twice are one code.
 */
import type { Reader } from "../ports/reader.ts";
import type { Page, Pages } from "./pages.ts";

/** One code, and the page where it was first met. */
export interface PageCode {
  readonly page: number;
  readonly bytes: Uint8Array;
}

/** What was found; `width` is that of the last page drawn, in pixels. */
export interface Found {
  readonly codes: readonly PageCode[];
  readonly width: number;
  readonly height: number;
}

/** Told before each step: the page, and whether it is the attentive one. */
export type Progress = (page: number, close: boolean) => void;

/** Read every page of a file. */
export async function readDocument(pages: Pages, reader: Reader, tell: Progress): Promise<Found> {
  const codes = new Map<string, PageCode>();
  let size = { width: 0, height: 0 };
  for (const page of pages.list) {
    const found = await readPage(page, reader, tell, (drawn) => {
      size = { width: drawn.width, height: drawn.height };
    });
    for (const bytes of found) {
      const name = bytes.join(" ");
      if (!codes.has(name)) codes.set(name, { page: page.number, bytes });
    }
  }
  return { codes: [...codes.values()], ...size };
}

async function readPage(
  page: Page,
  reader: Reader,
  tell: Progress,
  drawn: (pixels: ImageData) => void,
): Promise<readonly Uint8Array[]> {
  const last = page.densities.at(-1);
  for (const density of page.densities) {
    tell(page.number, density !== page.densities[0]);
    const pixels = await page.draw(density);
    drawn(pixels);
    // The pixels are handed over to the reader's thread.
    const found = await reader.read(pixels, density === last);
    if (found.length > 0) return found.map((symbol) => symbol.bytes);
  }
  return [];
}
