/**
 * A file -> pages of pixels: twin of `verifier/reading/pages.py`.
 *
 * - images are taken as they are; the pages of a PDF are drawn at the density that is asked;
 * - limits: 50 MB, 60 million pixels, 50 pages; what lies beyond is said, never cut in silence.
 */
import { scriptUrl } from "../../../../vault/web/client/ports/trusted.ts";
import type { OpenPdf } from "./pdf.ts";
import { MAX_BYTES, sniff } from "./sniff.ts";

export const MAX_PAGES = 50;
const MAX_PIXELS = 60_000_000;
const PICTURE_WIDTH = 1_000;
const PICTURE_DENSITY = 1.6;

/** Why a file cannot be read: a name that the screen knows. */
export type Unreadable = "empty" | "too-heavy" | "heic" | "unknown-kind" | "too-many-pixels" | "broken" | "locked";

/** The file itself is the obstacle, not its code. */
export class UnreadableFileError extends Error {
  constructor(readonly why: Unreadable) {
    super(`got a file that is ${why}`);
  }
}

/** One page, drawn as often as asked. `densities` go from the fast to the thorough. */
export interface Page {
  readonly number: number;
  readonly densities: readonly number[];
  draw(density: number): Promise<ImageData>;
  /** The page as a picture for the eye. */
  picture(): Promise<HTMLCanvasElement>;
}

/** The pages of a file; `left` counts those beyond the limit. */
export interface Pages {
  readonly kind: "pdf" | "image";
  readonly list: readonly Page[];
  readonly left: number;
  close(): Promise<void>;
}

/** Where pdf.js and its parts are. */
export interface PdfFiles {
  readonly script: string;
  readonly worker: string;
  readonly decoders: ReadonlyMap<string, string>;
}

// 216 dots per inch finds most codes at once; 300 is what the standard asks.
const PDF_DENSITIES = [3, 300 / 72];

/** Open a file; throw UnreadableFileError. */
export async function openPages(file: Blob, pdf: PdfFiles): Promise<Pages> {
  if (file.size === 0) throw new UnreadableFileError("empty");
  if (file.size > MAX_BYTES) throw new UnreadableFileError("too-heavy");
  const kind = sniff(new Uint8Array(await file.slice(0, 1024).arrayBuffer()));
  if (kind === "heic") throw new UnreadableFileError("heic");
  if (kind === "unknown") throw new UnreadableFileError("unknown-kind");
  return kind === "pdf" ? pdfPages(await file.arrayBuffer(), pdf) : imagePages(file);
}

/** Draw a picture to pixels; throw UnreadableFileError beyond the limit. */
export function pixelsOf(picture: CanvasImageSource, width: number, height: number): ImageData {
  if (width * height > MAX_PIXELS) throw new UnreadableFileError("too-many-pixels");
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("got no canvas");
  context.drawImage(picture, 0, 0);
  return context.getImageData(0, 0, width, height);
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

async function imagePages(file: Blob): Promise<Pages> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new UnreadableFileError("broken");
  }
  const draw = (): Promise<ImageData> => Promise.resolve(pixelsOf(bitmap, bitmap.width, bitmap.height));
  const close = (): Promise<void> => {
    bitmap.close();
    return Promise.resolve();
  };
  const picture = (): Promise<HTMLCanvasElement> => {
    const scale = Math.min(1, PICTURE_WIDTH / bitmap.width);
    const canvas = canvasOf(Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return Promise.resolve(canvas);
  };
  return { kind: "image", list: [{ number: 1, densities: [1], draw, picture }], left: 0, close };
}

async function pdfPages(data: ArrayBuffer, files: PdfFiles): Promise<Pages> {
  const library = (await import(files.script)) as typeof import("./pdf.ts");
  const worker = new Worker(scriptUrl(files.worker), { type: "module" });
  let open: OpenPdf;
  try {
    open = await library.openPdf(data, worker, files.decoders);
  } catch (problem) {
    worker.terminate();
    if (problem instanceof library.LockedPdfError) throw new UnreadableFileError("locked");
    if (problem instanceof library.BrokenPdfError) throw new UnreadableFileError("broken");
    throw problem;
  }
  const count = Math.min(open.pages, MAX_PAGES);
  const list = Array.from({ length: count }, (_, place) => ({
    number: place + 1,
    densities: PDF_DENSITIES,
    draw: (density: number) => open.draw(place + 1, density),
    picture: async () => {
      const pixels = await open.draw(place + 1, PICTURE_DENSITY);
      const canvas = canvasOf(pixels.width, pixels.height);
      canvas.getContext("2d")?.putImageData(pixels, 0, 0);
      return canvas;
    },
  }));
  const close = async (): Promise<void> => {
    await open.close();
    worker.terminate();
  };
  return { kind: "pdf", list, left: open.pages - count, close };
}
