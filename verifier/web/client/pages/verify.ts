/**
 * The page where a document is verified: file, drop, camera, text; one answer.
 *
 * - every way in is one road: bytes of a code -> `checkSymbols` or `checkTownCode` -> its answer;
 * - three views, one at a time: ask, busy (can be cancelled), answer (focused, told aloud);
 * - nothing is sent: the only requests are for our own files and for the trust lists.
 */
import { NoListsError, trustPort, type Lists } from "../ports/trust.ts";
import { Reader, StoppedError } from "../ports/reader.ts";
import { readDocument, type Found } from "../reading/document.ts";
import { openPages, UnreadableFileError, type Pages, type PdfFiles } from "../reading/pages.ts";
import { messageOf } from "./answer.ts";
import { CameraPanel } from "./camera_panel.ts";
import { keepPage, tellLists } from "./device.ts";
import { wireInputs } from "./inputs.ts";
import { wireHistory } from "./history.ts";
import { judged, type Source } from "./judged.ts";
import { picturesOf, sealOf } from "./of_file.ts";
import { isSaid, part, say, shape } from "./words.ts";
import { worstFirst, type Drawn } from "./worth.ts";

/** Width in pixels of an A4 page whose modules of 0.4 mm take 3.2 pixels. */
const A4_WIDTH_NEEDED = 1650;
const TOO_SMALL_FOR_A_CODE = 140;

type View = "ask" | "busy" | "answer";

const root = part("#verify", HTMLElement);
const told = root.dataset;
const lang = told["lang"] ?? "fr";
const clock = (): number => Date.now();
const note = wireHistory(lang, clock);
const askLists = trustPort(told["trust"] ?? "", clock);
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
let stopped = false;

function show(view: View): void {
  for (const name of ["ask", "busy", "answer"]) part(`#${name}`, HTMLElement).hidden = name !== view;
  // A new version is not offered in the middle of a check.
  root.classList.toggle("is-busy", view === "busy");
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
  part("#file", HTMLInputElement).value = "";
  show("ask");
  announce("");
  part("#choose", HTMLElement).focus();
}

/** Run a verification from its first word to its answer, whatever happens on the way. */
async function run(first: string, task: () => Promise<readonly Drawn[]>): Promise<void> {
  camera.close();
  stopped = false;
  show("busy");
  busy(first);
  part("#cancel", HTMLElement).focus();
  try {
    const drawn = await task();
    if (ended(stopped)) cancelled();
    else {
      note(drawn);
      finish(...drawn.map((one) => one.shown));
    }
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

async function verifyFile(chosen: File): Promise<readonly Drawn[]> {
  const pages = await openPages(chosen, pdfFiles);
  try {
    const found = await readDocument(pages, reader, (page, close) => {
      if (ended(stopped)) throw new StoppedError();
      busy(progressText(pages, page, close), pages.list.length > 1 ? page / pages.list.length : null);
    });
    const from = say("from.file", { name: chosen.name });
    const { kind, left } = pages;
    const seal = kind === "pdf" ? await sealAnswer(chosen, from) : null;
    const pictures = await picturesOf(pages, found.codes);
    const codes = await answers(found.codes, { from, repair: false, kind, left, pictures });
    const drawn = worstFirst([...(seal === null ? [] : [seal]), ...codes]);
    return drawn.length > 0 ? drawn : [{ worth: 3, shown: nothingFound(found, pages), kind: say("history.nothing") }];
  } finally {
    await pages.close();
  }
}

async function sealAnswer(chosen: File, from: string): Promise<Drawn | null> {
  busy(say("busy.seal"));
  const lists = await trustLists();
  const context = { from, lang, now: new Date(clock()), lists, unchecked: [], picture: null };
  return sealOf(chosen, told["seal"] ?? "", context);
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
async function answers(found: Found["codes"], source: Source): Promise<readonly Drawn[]> {
  if (found.length === 0) return [];
  busy(say("busy.verify"));
  const lists = await trustLists();
  return worstFirst(await judged(found, source, { lang, now: new Date(clock()), lists }));
}

async function trustLists(): Promise<Lists> {
  const lists = await askLists();
  tellLists(lists, lang, new Date(clock()));
  return lists;
}

function verifySymbols(symbols: readonly Uint8Array[], from: string, repair: boolean): void {
  const codes = symbols.map((bytes) => ({ page: 1, bytes }));
  void run(say("busy.verify"), () => answers(codes, { from, repair, kind: "text", left: 0, pictures: new Map() }));
}

wireInputs({
  file: (chosen) => void run(say("busy.open"), () => verifyFile(chosen)),
  symbols: (symbols, from) => { verifySymbols(symbols, from, true); },
  isBusy: () => !part("#busy", HTMLElement).hidden,
});
const camera = new CameraPanel(
  reader,
  announce,
  (bytes) => { verifySymbols([bytes], say("from.camera"), false); },
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
if (location.hash === "#scanner") part("#camera-open", HTMLElement).click();
// What is kept for later comes after what is needed now.
void reader.warmed().then(() => { keepPage(told["service"] ?? "", told["scope"] ?? ""); });
