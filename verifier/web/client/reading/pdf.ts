/**
 * The pages of a PDF, drawn: pdf.js, loaded when the first PDF comes.
 *
 * - what is inside a PDF is hostile: no script of it runs, no address in it is fetched;
 * - decoders that pdf.js needs (JBIG2, JPEG 2000) come from the addresses that the page names.
 */
import {
  AnnotationMode,
  getDocument,
  GlobalWorkerOptions,
  VerbosityLevel,
  type PDFDocumentProxy,
} from "pdfjs-dist/legacy/build/pdf.mjs";

/** The PDF cannot be opened without its password. */
export class LockedPdfError extends Error {}

/** The PDF is damaged beyond what can be drawn. */
export class BrokenPdfError extends Error {}

/** Where a decoder is found, by the name that pdf.js gives it. */
export type Decoders = ReadonlyMap<string, string>;

/** An open PDF; `close` frees what it holds. */
export interface OpenPdf {
  readonly pages: number;
  draw(page: number, scale: number): Promise<ImageData>;
  close(): Promise<void>;
}

/** Open a PDF; throw LockedPdfError or BrokenPdfError. */
export async function openPdf(data: ArrayBuffer, worker: Worker, decoders: Decoders): Promise<OpenPdf> {
  GlobalWorkerOptions.workerPort = worker;
  const task = getDocument({
    data,
    BinaryDataFactory: decodersFactory(decoders),
    useWorkerFetch: false,
    disableFontFace: true,
    useSystemFonts: false,
    enableXfa: false,
    stopAtErrors: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const pdf = await task.promise;
    return { pages: pdf.numPages, draw: (page, scale) => draw(pdf, page, scale), close: () => task.destroy() };
  } catch (problem) {
    await task.destroy();
    if (problem instanceof Error && problem.name === "PasswordException") throw new LockedPdfError();
    throw new BrokenPdfError(String(problem));
  }
}

async function draw(pdf: PDFDocumentProxy, number: number, scale: number): Promise<ImageData> {
  const page = await pdf.getPage(number);
  const viewport = page.getViewport({ scale: Math.min(scale, safeScale(page.getViewport({ scale: 1 }))) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(viewport.width);
  canvas.height = Math.ceil(viewport.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("got no canvas");
  await page.render({ canvas, canvasContext: context, viewport, annotationMode: AnnotationMode.ENABLE }).promise;
  page.cleanup();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Pages of extraordinary size are drawn smaller: 60 million pixels at most. */
function safeScale(page: { readonly width: number; readonly height: number }): number {
  return Math.sqrt(60_000_000 / Math.max(1, page.width * page.height));
}

/** pdf.js makes one of these and asks it for files; fonts and character maps are not needed. */
function decodersFactory(decoders: Decoders): new () => { fetch(wanted: Wanted): Promise<Uint8Array> } {
  return class {
    async fetch({ filename }: Wanted): Promise<Uint8Array> {
      const url = decoders.get(filename);
      if (url === undefined) throw new Error(`got no ${filename}`);
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`got ${answer.status} for ${filename}`);
      return new Uint8Array(await answer.arrayBuffer());
    }
  };
}

interface Wanted {
  readonly filename: string;
}
