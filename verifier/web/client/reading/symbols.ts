/**
 * Pixels -> bytes of codes, with retries: twin of `verifier/reading/symbols.py`.
 *
 * - Data Matrix only; `.bytes`, never `.text`, which rewrites control characters;
 * - the first attempt that finds a code ends the reading; retries enlarge, shrink, soften, or give
 *   a small crop a white border;
 * - pixels are grey while we work on them: one byte each.
 */
import { prepareZXingModule, readBarcodes, type ReadResult } from "zxing-wasm/reader";

/** Grey pixels, row by row. */
export interface Grey {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** One code as found; nothing proved yet. */
export interface FoundSymbol {
  readonly bytes: Uint8Array;
  /** Pixels per module at the resolution of the attempt; null where it cannot be told. */
  readonly pixelsPerModule: number | null;
}

const MAX_SYMBOLS = 16;
const MAX_RETRY_PIXELS = 16_000_000;
const SMALL = 700;

/** Give the reader its engine: the bytes of `reader.wasm`. Nothing is fetched by the library. */
export async function prepare(wasm: ArrayBuffer): Promise<void> {
  await prepareZXingModule({ overrides: { wasmBinary: wasm }, fireImmediately: true });
}

/** Read the codes of a page; `thorough` allows the retries. */
export async function readSymbols(page: Grey, thorough: boolean): Promise<FoundSymbol[]> {
  const found = await attempt(page);
  if (found.length > 0 || !thorough) return found;
  for (const variant of variants(page)) {
    const again = await attempt(variant);
    if (again.length > 0) return again;
  }
  return [];
}

/** Turn RGBA pixels to grey, white where transparent. */
export function greyOf(rgba: Uint8ClampedArray, width: number, height: number): Grey {
  const data = new Uint8ClampedArray(width * height);
  for (let place = 0; place < data.length; place += 1) {
    const at = place * 4;
    const light = 0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0);
    const opaque = (rgba[at + 3] ?? 0) / 255;
    data[place] = light * opaque + 255 * (1 - opaque);
  }
  return { data, width, height };
}

async function attempt(page: Grey): Promise<FoundSymbol[]> {
  const rgba = new Uint8ClampedArray(page.data.length * 4).fill(255);
  for (let place = 0; place < page.data.length; place += 1) {
    const light = page.data[place] ?? 255;
    rgba[place * 4] = light;
    rgba[place * 4 + 1] = light;
    rgba[place * 4 + 2] = light;
  }
  const pixels = { data: rgba, width: page.width, height: page.height, colorSpace: "srgb" as const };
  const results = await readBarcodes(pixels, {
    formats: ["DataMatrix"],
    tryHarder: true,
    tryRotate: true,
    tryInvert: true,
    tryDownscale: true,
    maxNumberOfSymbols: MAX_SYMBOLS,
  });
  return results
    .filter((result) => result.isValid && result.bytes.length > 0)
    .map((result) => ({ bytes: result.bytes.slice(), pixelsPerModule: density(result) }));
}

function density(result: ReadResult): number | null {
  const { topLeft, topRight } = result.position;
  const modules = result.symbol.width;
  if (modules <= 0) return null;
  return Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y) / modules;
}

function* variants(page: Grey): Generator<Grey> {
  const pixels = page.width * page.height;
  const small = Math.min(page.width, page.height) < SMALL;
  if (small) yield resized(bordered(page, 20), 2);
  if (pixels * 2.25 <= MAX_RETRY_PIXELS) yield resized(page, 1.5);
  yield resized(page, 0.5);
  if (pixels > MAX_RETRY_PIXELS) return;
  yield softened(page);
  yield sharpened(page);
  if (small) yield softened(resized(bordered(page, 20), 3));
}

function bordered(page: Grey, margin: number): Grey {
  const width = page.width + 2 * margin;
  const height = page.height + 2 * margin;
  const data = new Uint8ClampedArray(width * height).fill(255);
  for (let row = 0; row < page.height; row += 1) {
    const line = page.data.subarray(row * page.width, (row + 1) * page.width);
    data.set(line, (row + margin) * width + margin);
  }
  return { data, width, height };
}

/** Resize by bilinear interpolation between the centres of pixels. */
function resized(page: Grey, factor: number): Grey {
  const width = Math.max(1, Math.round(page.width * factor));
  const height = Math.max(1, Math.round(page.height * factor));
  const data = new Uint8ClampedArray(width * height);
  for (let y = 0; y < height; y += 1) {
    const fromY = Math.min(Math.max((y + 0.5) / factor - 0.5, 0), page.height - 1);
    const top = Math.floor(fromY) * page.width;
    const bottom = Math.min(Math.floor(fromY) + 1, page.height - 1) * page.width;
    const down = fromY - Math.floor(fromY);
    for (let x = 0; x < width; x += 1) {
      const fromX = Math.min(Math.max((x + 0.5) / factor - 0.5, 0), page.width - 1);
      const left = Math.floor(fromX);
      const right = Math.min(left + 1, page.width - 1);
      const across = fromX - left;
      const upper = mix(page.data[top + left], page.data[top + right], across);
      const lower = mix(page.data[bottom + left], page.data[bottom + right], across);
      data[y * width + x] = mix(upper, lower, down);
    }
  }
  return { data, width, height };
}

function mix(first: number | undefined, second: number | undefined, share: number): number {
  return (first ?? 255) * (1 - share) + (second ?? 255) * share;
}

/** Soften by a 3 x 3 binomial filter, twice: close to a Gaussian of 1.0. */
function softened(page: Grey): Grey {
  return binomial(binomial(page));
}

function sharpened(page: Grey): Grey {
  const soft = softened(page).data;
  const data = page.data.map((light, place) => light + 1.5 * (light - (soft[place] ?? light)));
  return { ...page, data };
}

function binomial(page: Grey): Grey {
  const { width, height } = page;
  const pass = (from: Uint8ClampedArray, step: number, length: number, of: (place: number) => number): Uint8ClampedArray =>
    from.map((light, place) => {
      const at = of(place);
      const before = at > 0 ? (from[place - step] ?? light) : light;
      const after = at < length - 1 ? (from[place + step] ?? light) : light;
      return (before + 2 * light + after) / 4;
    });
  const across = pass(page.data, 1, width, (place) => place % width);
  const data = pass(across, width, height, (place) => Math.floor(place / width));
  return { data, width, height };
}
