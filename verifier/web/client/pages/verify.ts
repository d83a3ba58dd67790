/**
 * The page where a document is verified: file, drop, camera, pasted text; one answer.
 *
 * - four ways in, one road: bytes of a code -> `checkSymbols` or `checkTownCode` -> its answer;
 * - three views, one at a time: ask, busy (can be cancelled), answer (focused, told aloud);
 * - nothing is sent: the only requests are for our own files and for the trust lists.
 */
import { gathered, pastedSymbols, type GatheredCode, type PageSymbol } from "../checks/sets.ts";
import { checkTownCode } from "../checks/towncode.ts";
import { checkSymbols } from "../checks/twoddoc.ts";
import { NoListsError, trustPort } from "../ports/trust.ts";
import { Reader, StoppedError } from "../ports/reader.ts";
import { readDocument, type Found } from "../reading/document.ts";
import { MAX_PAGES, openPages, UnreadableFileError, type Pages, type PdfFiles } from "../reading/pages.ts";
import { looksLikeTownCode } from "../towncode/message.ts";
import { NotTwoDDocError } from "../twoddoc/header.ts";
import { latin1 } from "../twoddoc/message.ts";
import type { Check } from "../verdict.ts";
import { answerOf, messageOf, type Context } from "./answer.ts";
import { CameraPanel } from "./camera_panel.ts";
import { townAnswerOf } from "./town_answer.ts";
import { isSaid, part, say, shape } from "./words.ts";

/** Width in pixels of an A4 page whose modules of 0.4 mm take 3.2 pixels. */
const A4_WIDTH_NEEDED = 1650;
const TOO_SMALL_FOR_A_CODE = 140;

type View = "ask" | "busy" | "answer";
type Told = Readonly<{ from: string; repair: boolean; kind: "pdf" | "image" | "text"; left: number }>;

const root = part("#verify", HTMLElement);
const told = root.dataset;
const lang = told["lang"] ?? "fr";
const clock = (): number => Date.now();
const trustLists = trustPort(told["trust"] ?? "", clock);
const reader = new Reader({
  script: told["reader"] ?? "",
  wasm: told["wasm"] ?? "",
  wasmIntegrity: told["wasmIntegrity"] ?? "",
});
const pdfFiles: PdfFiles = {
  script: told["pdf"] ?? "",
  worker: told["pdfWorker"] ?? "",
  decoders: new Map([
    ["jbig2.wasm", told["jbig2"] ?? ""],
    ["openjpeg.wasm", told["openjpeg"] ?? ""],
  ]),
};
const answer = part("#answer", HTMLElement);
const file = part("#file", HTMLInputElement);
let stopped = false;

function show(view: View): void {
  for (const name of ["ask", "busy", "answer"]) part(`#${name}`, HTMLElement).hidden = name !== view;
}

function announce(text: string): void {
  part("#status", HTMLElement).textContent = text;
}

function busy(text: string, done: number | null = null): void {
  part("#busy-what", HTMLElement).textContent = text;
  const bar = part("#busy-bar", HTMLProgressElement);
  if (done === null) bar.removeAttribute("value");
  else bar.value = done;
  announce(text);
}

/** Show the end of a verification; the first word is told aloud, the answer takes the focus. */
function finish(...drawn: HTMLElement[]): void {
  answer.replaceChildren(...drawn, shape("shape-end"));
  part('[data-act="again"]', HTMLElement, answer).addEventListener("click", restart);
  part('[data-act="print"]', HTMLElement, answer).addEventListener("click", () => {
    window.print();
  });
  show("answer");
  announce(say("announce", { word: part("h2", HTMLElement, answer).textContent }));
  answer.focus();
  answer.scrollIntoView({ block: "start" });
}

function restart(): void {
  answer.replaceChildren();
  file.value = "";
  show("ask");
  announce("");
  part("#choose", HTMLElement).focus();
}

/** Run a verification from its first word to its answer, whatever happens on the way. */
async function run(first: string, task: () => Promise<HTMLElement[]>): Promise<void> {
  camera.close();
  stopped = false;
  show("busy");
  busy(first);
  part("#cancel", HTMLElement).focus();
  try {
    const drawn = await task();
    if (ended(stopped)) cancelled();
    else finish(...drawn);
  } catch (problem) {
    if (problem instanceof StoppedError || ended(stopped)) cancelled();
    else finish(unreadable(problem));
  }
}

/** Read a flag that another task may have raised meanwhile. */
function ended(flag: boolean): boolean {
  return flag;
}

function cancelled(): void {
  restart();
  announce(say("stopped"));
}

function unreadable(problem: unknown): HTMLElement {
  if (problem instanceof UnreadableFileError) {
    const own = `file.${problem.why}.try`;
    const advice = say(isSaid(own) ? own : "file.try");
    return messageOf("grey", say("word.file"), say(`file.${problem.why}`), [advice]);
  }
  const advice = problem instanceof NoListsError ? say("fault.offline") : say("fault.try");
  return messageOf("grey", say("word.fault"), say("fault.reason"), [advice]);
}

async function verifyFile(chosen: File): Promise<HTMLElement[]> {
  const pages = await openPages(chosen, pdfFiles);
  try {
    const found = await readDocument(pages, reader, (page, close) => {
      if (ended(stopped)) throw new StoppedError();
      busy(progressText(pages, page, close), pages.list.length > 1 ? page / pages.list.length : null);
    });
    const from = say("from.file", { name: chosen.name });
    if (found.codes.length === 0) return [nothingFound(found, pages)];
    return await answers(found.codes, { from, repair: false, kind: pages.kind, left: pages.left });
  } finally {
    await pages.close();
  }
}

function progressText(pages: Pages, page: number, close: boolean): string {
  if (pages.list.length > 1) return say("busy.page", { page, count: pages.list.length });
  return say(close ? "busy.close" : "busy.image");
}

function nothingFound(found: Found, pages: Pages): HTMLElement {
  const small = Math.min(found.width, found.height) < TOO_SMALL_FOR_A_CODE;
  const isPage = found.height / found.width > 1.2 && found.width < A4_WIDTH_NEEDED;
  if (pages.kind === "image" && (small || isPage)) {
    const sizes = { width: found.width, needed: A4_WIDTH_NEEDED.toLocaleString(lang) };
    return messageOf("grey", say("word.small"), say("small.reason", sizes), [say("small.try-1"), say("small.try-2")]);
  }
  const tries = ["nothing.try-1", "nothing.try-2", "nothing.try-3"].map((name) => say(name));
  return messageOf("grey", say("word.nothing"), say("nothing.reason"), tries);
}

/** Verify every code and draw the answers, the worst first. */
async function answers(found: readonly PageSymbol[], source: Told): Promise<HTMLElement[]> {
  busy(say("busy.verify"));
  const trust = await trustLists();
  const now = new Date(clock());
  const drawn: { readonly worth: number; readonly shown: HTMLElement }[] = [];
  const others: HTMLElement[] = [];
  const codes = gathered(found);
  for (const [place, code] of codes.entries()) {
    const context: Context = { from: fromOf(code, place, codes.length, source), lang, now, trust, unchecked: unchecked(source) };
    try {
      const first = code.symbols[0];
      if (first !== undefined && looksLikeTownCode(first)) {
        const verdict = await checkTownCode(first, trust, now, { repair: source.repair });
        drawn.push({ worth: worthOf(verdict.checks), shown: townAnswerOf(verdict, context) });
      } else {
        const verdict = await checkSymbols(code.symbols, trust, now, { repair: source.repair });
        drawn.push({ worth: worthOf(verdict.checks), shown: answerOf(verdict, context) });
      }
    } catch (problem) {
      if (!(problem instanceof NotTwoDDocError)) throw problem;
      others.push(otherCode(problem));
    }
  }
  if (drawn.length === 0) return others.slice(0, 1);
  return drawn.sort((first, second) => first.worth - second.worth).map((one) => one.shown);
}

function worthOf(checks: readonly Check[]): number {
  const indications = checks.map((check) => check.indication);
  if (indications.every((indication) => indication === "TOTAL-PASSED")) return 2;
  return indications.find((indication) => indication !== "TOTAL-PASSED") === "TOTAL-FAILED" ? 0 : 1;
}

function otherCode(problem: NotTwoDDocError): HTMLElement {
  const known = problem.looksLike === "" ? [] : [say(`other.${problem.looksLike}`)];
  return messageOf("grey", say("word.other"), say("other.reason"), known);
}

function fromOf(code: GatheredCode, place: number, count: number, source: Told): string {
  const where = source.kind === "pdf" ? `${source.from} · ${say("from.page", { page: code.page })}` : source.from;
  return count === 1 ? where : say("from.several", { from: where, number: place + 1, count });
}

function unchecked(source: Told): string[] {
  const names = source.kind === "pdf" ? ["seal", "since"] : ["since"];
  const sentences = names.map((name) => say(`unchecked.${name}`));
  if (source.left > 0) sentences.push(say("unchecked.pages", { limit: MAX_PAGES, left: source.left }));
  return sentences;
}

function verifyBytes(symbols: readonly Uint8Array[], from: string, repair: boolean): Promise<void> {
  const source: Told = { from, repair, kind: "text", left: 0 };
  const codes = symbols.map((bytes) => ({ page: 1, bytes }));
  return run(say("busy.verify"), () => answers(codes, source));
}

function take(chosen: File | null | undefined): void {
  if (chosen) void run(say("busy.open"), () => verifyFile(chosen));
}

function wireFile(): void {
  const drop = part("#drop", HTMLElement);
  part("#choose", HTMLElement).addEventListener("click", () => {
    file.click();
  });
  file.addEventListener("change", () => {
    take(file.files?.[0]);
  });
  // The whole page takes a dropped file: a miss must not make the browser leave the page.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    if (part("#busy", HTMLElement).hidden) take(event.dataTransfer?.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (event.target instanceof HTMLTextAreaElement) return;
    take(event.clipboardData?.files[0]);
  });
}

function wirePaste(): void {
  const form = part("#paste", HTMLFormElement);
  const text = part("#text", HTMLTextAreaElement);
  const opener = part("#paste-open", HTMLButtonElement);
  opener.addEventListener("click", () => {
    form.hidden = !form.hidden;
    opener.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) text.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const symbols = pastedSymbols(text.value.trimStart()).map(latin1);
    const bytes = symbols.filter((one) => one !== null);
    const isEmpty = bytes.every((one) => one.length === 0);
    const wrong = bytes.length < symbols.length ? "paste.not-code" : isEmpty ? "paste.empty" : null;
    part("#text-error", HTMLElement).textContent = wrong === null ? "" : say(wrong);
    text.setAttribute("aria-invalid", String(wrong !== null));
    if (wrong !== null) text.focus();
    else void verifyBytes(bytes, say("from.text"), true);
  });
}

wireFile();
wirePaste();
const camera = new CameraPanel(
  reader,
  announce,
  (bytes) => void verifyBytes([bytes], say("from.camera"), false),
  (problem) => {
    camera.close();
    finish(unreadable(problem));
  },
);
part("#cancel", HTMLElement).addEventListener("click", () => {
  stopped = true;
  reader.stop();
});
// Ready before they are needed; a failure is told when something is verified.
trustLists().catch(() => undefined);
reader.warm();
