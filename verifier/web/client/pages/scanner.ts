/**
 * A hand scanner types as a keyboard does, very fast, and ends with Enter.
 *
 * - what it types is taken wherever the focus is, so that nothing need be clicked before;
 * - its separators come as control keys, which no text field keeps: they are put back;
 * - slow keys, and keys that do not begin as a code does, are a person's and stay as they are.
 */

/** What is done with a scanned text; nothing is taken while busy. */
export interface Scanned {
  text(scanned: string): void;
  isBusy(): boolean;
}

/** A hand scanner sends a key every few milliseconds; nobody types so for three keys. */
const FAST_MS = 150;
const SHORTEST = 10;
const BEGINS = /^(DC|CV|E[0-9A-Z])/;
const CONTROLS: Readonly<Record<string, string>> = { "]": "\x1d", "^": "\x1e", "_": "\x1f" };

/** Listen to the keys of the whole page. */
export function wireScanner(scanned: Scanned): void {
  let typed = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    const key = characterOf(event);
    if (key === null || scanned.isBusy()) return;
    if (event.timeStamp - last > FAST_MS) typed = "";
    last = event.timeStamp;
    if (key === "\n") {
      const whole = typed;
      typed = "";
      if (whole.length >= SHORTEST && BEGINS.test(whole)) end(event, whole, scanned);
    } else {
      typed += key;
      hold(event, key, typed);
    }
  });
}

function end(event: KeyboardEvent, whole: string, scanned: Scanned): void {
  event.preventDefault();
  if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
  else scanned.text(whole);
}

/** Keep a scanner's keys from what they would do: a space presses the button that has the focus. */
function hold(event: KeyboardEvent, key: string, typed: string): void {
  if (!(event.target instanceof HTMLTextAreaElement)) {
    if (typed.length > 2 && BEGINS.test(typed)) event.preventDefault();
  } else if (key < " ") {
    event.preventDefault();
    event.target.setRangeText(key, event.target.selectionStart, event.target.selectionEnd, "end");
  }
}

/** Give what a key stands for: a character, a separator, the end; null for every other key. */
function characterOf(event: KeyboardEvent): string | null {
  if (event.key === "Enter") return "\n";
  if (event.altKey || event.metaKey) return null;
  if (event.ctrlKey) return CONTROLS[event.key] ?? null;
  return event.key.length === 1 ? event.key : null;
}
