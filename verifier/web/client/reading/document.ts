/**
 * A file -> every code of its pages; nothing is proved here.
 *
 * Pages are first read fast, all of them; only when none bears a code are they drawn finer and read
 * with retries. The same bytes met twice are one code.
 */
import type { PageSymbol } from "../checks/sets.ts";
import type { Reader } from "../ports/reader.ts";
import type { Page, Pages } from "./pages.ts";

/** What was found; `width` is that of the last page drawn, in pixels. */
export interface Found {
  readonly codes: readonly PageSymbol[];
  readonly width: number;
  readonly height: number;
}

/** Told before each step: the page, and whether it is the attentive one. */
export type Progress = (page: number, close: boolean) => void;

/** Read every page of a file. */
export async function readDocument(pages: Pages, reader: Reader, tell: Progress): Promise<Found> {
  const fast = await readPages(pages.list, reader, (page) => {
    tell(page.number, false);
    return { density: page.densities[0], thorough: page.densities.length === 1 && pages.list.length === 1 };
  });
  if (fast.codes.length > 0 || isWhole(pages)) return fast;
  return readPages(pages.list, reader, (page) => {
    tell(page.number, true);
    return { density: page.densities.at(-1), thorough: true };
  });
}

/** One image drawn at one density was already read with every retry. */
function isWhole(pages: Pages): boolean {
  return pages.list.length === 1 && pages.list[0]?.densities.length === 1;
}

interface Way {
  readonly density: number | undefined;
  readonly thorough: boolean;
}

async function readPages(list: readonly Page[], reader: Reader, way: (page: Page) => Way): Promise<Found> {
  const codes = new Map<string, PageSymbol>();
  let size = { width: 0, height: 0 };
  for (const page of list) {
    const { density, thorough } = way(page);
    const pixels = await page.draw(density ?? 1);
    size = { width: pixels.width, height: pixels.height };
    // The pixels are handed over to the reader's thread.
    for (const { bytes } of await reader.read(pixels, thorough)) {
      const name = bytes.join(" ");
      if (!codes.has(name)) codes.set(name, { page: page.number, bytes });
    }
  }
  return { codes: [...codes.values()], ...size };
}
