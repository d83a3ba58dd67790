/**
 * The list of checks, on this device alone, and only where the agent asked for it.
 *
 * - off until it is asked for; turning it off erases it, at once;
 * - time, answer and kind of document: never a name, never a value, never a file's name.
 */
import type { Drawn } from "./worth.ts";
import { element, part, say } from "./words.ts";

const KEY = "coffre-verifier-history";
const MOST = 200;
const ANSWERS = ["red", "amber", "blue", "grey"] as const;

interface Row {
  readonly at: string;
  readonly worth: number;
  readonly kind: string;
}

/** Wire the list; give the function that notes an answer. */
export function wireHistory(lang: string, clock: () => number): (drawn: readonly Drawn[]) => void {
  const wanted = part("#history-wanted", HTMLInputElement);
  wanted.checked = rows() !== null;
  wanted.addEventListener("change", () => {
    if (wanted.checked) keep([]);
    else localStorage.removeItem(KEY);
    show(lang);
  });
  part("#history-clear", HTMLElement).addEventListener("click", () => {
    keep([]);
    show(lang);
    wanted.focus();
  });
  show(lang);
  return (drawn) => {
    const held = rows();
    if (held === null) return;
    const at = new Date(clock()).toISOString();
    keep([...drawn.map(({ worth, kind }) => ({ at, worth, kind })), ...held].slice(0, MOST));
    show(lang);
  };
}

/** Give what is kept; null where nothing was asked for. */
function rows(): readonly Row[] | null {
  const held = localStorage.getItem(KEY);
  if (held === null) return null;
  try {
    const told: unknown = JSON.parse(held);
    return Array.isArray(told) ? told.filter(isRow) : [];
  } catch {
    return [];
  }
}

function isRow(value: unknown): value is Row {
  const row = value as Partial<Row> | null;
  return typeof row?.at === "string" && typeof row.worth === "number" && typeof row.kind === "string";
}

function keep(list: readonly Row[]): void {
  localStorage.setItem(KEY, JSON.stringify(list));
}

function show(lang: string): void {
  const held = rows();
  part("#history-clear", HTMLElement).hidden = (held ?? []).length === 0;
  part("#history-list", HTMLElement).replaceChildren(...(held ?? []).map((row) => line(row, lang)));
}

function line(row: Row, lang: string): HTMLElement {
  const locale = lang === "fr" ? "fr-FR" : "en-GB";
  const at = new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "short" }).format(new Date(row.at));
  const tone = ANSWERS[row.worth] ?? "grey";
  const drawn = element("li", "");
  drawn.append(element("time", at), " ", element("span", say(`history.${tone}`), `chip ${tone}`), " ", element("span", row.kind));
  return drawn;
}
