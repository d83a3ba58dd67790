/** The ways in, but for the camera: file, drop, pasted picture, pasted text, hand scanner. */
import { pastedSymbols } from "../checks/sets.ts";
import { latin1 } from "../twoddoc/message.ts";
import { wireScanner } from "./scanner.ts";
import { part, say } from "./words.ts";

/** What is done with what came. `symbols` are those of a text, each whole. */
export interface Taken {
  file(chosen: File): void;
  symbols(symbols: readonly Uint8Array[], from: string): void;
  isBusy(): boolean;
}

/** Wire every way in. */
export function wireInputs(taken: Taken): void {
  wireFile(taken);
  wirePaste(taken);
  wireScanner({
    text: (scanned) => void takeText(scanned, say("from.scanner"), taken),
    isBusy: () => taken.isBusy(),
  });
}

function wireFile(taken: Taken): void {
  const drop = part("#drop", HTMLElement);
  const file = part("#file", HTMLInputElement);
  const take = (chosen: File | null | undefined): void => {
    if (chosen && !taken.isBusy()) taken.file(chosen);
  };
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
    take(event.dataTransfer?.files[0]);
  });
  document.addEventListener("paste", (event) => {
    if (event.target instanceof HTMLTextAreaElement) return;
    take(event.clipboardData?.files[0]);
  });
}

function wirePaste(taken: Taken): void {
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
    const wrong = takeText(text.value, say("from.text"), taken);
    part("#text-error", HTMLElement).textContent = wrong === null ? "" : say(wrong);
    text.setAttribute("aria-invalid", String(wrong !== null));
    if (wrong !== null) text.focus();
  });
}

/** Hand a text over; give the name of what is wrong with it. */
function takeText(text: string, from: string, taken: Taken): "paste.not-code" | "paste.empty" | null {
  const symbols = pastedSymbols(text.trimStart()).map(latin1);
  const bytes = symbols.filter((one) => one !== null);
  if (bytes.length < symbols.length) return "paste.not-code";
  if (bytes.every((one) => one.length === 0)) return "paste.empty";
  taken.symbols(bytes, from);
  return null;
}
