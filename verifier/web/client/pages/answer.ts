/**
 * A verdict on the screen: word, icon and colour; reason; what was not checked.
 *
 * - blue, never green: the printed text is not compared here;
 * - signed values only once proved, in large type; the unsigned annex apart;
 * - "falsified", "cannot conclude" and "our fault" never look alike.
 */
import type { CodeVerdict } from "../checks/twoddoc.ts";
import type { Lists } from "../ports/trust.ts";
import type { TrustList } from "../trust/trust_list.ts";
import { docType, identifier } from "../twoddoc/catalogue.ts";
import type { ShownField } from "../twoddoc/signature.ts";
import type { Value } from "../twoddoc/values.ts";
import { conclude, type Check, type Conclusion, type Indication } from "../verdict.ts";
import { element, fill, fillList, icon, isSaid, part, remove, say, shape } from "./words.ts";

export const TONES: Readonly<Record<Indication, string>> = {
  "TOTAL-PASSED": "blue",
  INDETERMINATE: "amber",
  "TOTAL-FAILED": "red",
};
const DAY_MS = 86_400_000;

/** Where and when a code was read, for the screen. */
export interface Context {
  readonly from: string;
  readonly lang: string;
  readonly now: Date;
  readonly lists: Lists;
  readonly unchecked: readonly string[];
  readonly picture: HTMLElement | null;
}

/** Draw the verdict on one 2D-Doc. */
export function answerOf(verdict: CodeVerdict, context: Context): HTMLElement {
  const drawn = opened(verdict, context);
  drawLines(drawn, verdict, context);
  drawValues(drawn, verdict, context);
  fillList(drawn, "notices", noticesOf(verdict, context.lang), '[data-part="notices"]');
  drawAnnex(drawn, verdict);
  const { header } = verdict;
  const own: [string, string][] = header === null ? [] : [[say("fact.ca"), header.caId], [say("fact.certificate"), header.certificateId]];
  drawEnd(drawn, verdict, context, own);
  return drawn;
}

/** What every answer on a code has: its checks, its proved values, and whether it is a test. */
export interface Answered {
  readonly checks: readonly Check[];
  readonly fields: readonly unknown[];
  readonly test: boolean;
}

/** Draw the head of an answer: icon, word, reason, advice. */
export function opened(verdict: Answered, context: Context, kind = "code"): HTMLElement {
  const conclusion = conclude(verdict.checks);
  const tone = TONES[conclusion.indication];
  const drawn = framed("shape-answer", tone, context.from);
  const own = `word.${tone}.${kind}`;
  fill(drawn, "word", say(isSaid(own) ? own : `word.${tone}`));
  if (verdict.test) part("h2", HTMLElement, drawn).prepend(element("span", say("test"), "badge"), " ");
  const reason = [`reason.${conclusion.reason}.${kind}`, `reason.${conclusion.reason}`].find(isSaid);
  fill(drawn, "reason", say(reason ?? conclusion.reason, detailsOf(verdict.checks, conclusion, context.lang)));
  const ways = [`advice.${conclusion.reason}`, `advice.${tone}.${kind}`, `advice.${conclusion.subIndication ?? ""}`];
  fill(drawn, "advice", say(ways.find(isSaid) ?? `advice.${tone}`));
  fill(drawn, "lists", listsText(context));
  return drawn;
}

/** Draw the end of an answer: what was not checked, every check, the facts. */
export function drawEnd(
  drawn: HTMLElement,
  verdict: Answered,
  context: Context,
  facts: readonly (readonly [string, string])[],
): void {
  fillList(drawn, "unchecked", uncheckedOf(verdict, context));
  part('[data-slot="checks"]', HTMLElement, drawn).replaceChildren(...verdict.checks.map((check) => checkOf(check, context.lang)));
  drawFacts(drawn, facts, context);
}

/** Draw what is no verdict: nothing found, file not readable, our fault. */
export function messageOf(tone: string, word: string, reason: string, advice: readonly string[]): HTMLElement {
  const drawn = framed("shape-message", tone, "");
  fill(drawn, "word", word);
  fill(drawn, "reason", reason);
  fillList(drawn, "advice", advice);
  return drawn;
}

function framed(name: string, tone: string, from: string): HTMLElement {
  const drawn = shape(name);
  drawn.classList.add(tone);
  part('[data-slot="icon"]', HTMLElement, drawn).replaceChildren(icon(tone));
  fill(drawn, "from", from);
  return drawn;
}

function detailsOf(checks: readonly Check[], conclusion: Conclusion, lang: string): Readonly<Record<string, string>> {
  return written(checks.find((check) => check.reason === conclusion.reason)?.details ?? {}, lang);
}

/** Write the days among details for people. */
export function written(details: Readonly<Record<string, string>>, lang: string): Readonly<Record<string, string>> {
  const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);
  return Object.fromEntries(Object.entries(details).map(([name, text]) => [name, isDay(text) ? longDate(text, lang) : text]));
}

/** Draw one of the three lines: icon, word, what it means here. */
export function drawLine(drawn: HTMLElement, name: string, tone: string, word: string, text: string): void {
  const line = part(`[data-line="${name}"]`, HTMLElement, drawn);
  line.classList.add(tone);
  part(".mark", HTMLElement, line).replaceChildren(icon(tone));
  fill(line, `${name}-word`, word);
  fill(line, name, text);
}

/** Draw the lines on who signed and what is printed; `claim` is what an unproved code says of itself. */
export function drawProof(drawn: HTMLElement, verdict: Answered, told: string | null, claim: string): void {
  const { indication } = conclude(verdict.checks);
  if (told === null) {
    const word = say(indication === "TOTAL-FAILED" ? "line.no" : "line.unproved");
    drawLine(drawn, "signed-by", indication === "TOTAL-FAILED" ? "red" : "amber", word, claim);
    drawLine(drawn, "printed", "grey", say("line.none"), say("printed.nothing"));
    return;
  }
  const tones = { "TOTAL-PASSED": ["green", "line.yes"], INDETERMINATE: ["amber", "line.unsure"], "TOTAL-FAILED": ["red", "line.no"] } as const;
  const [tone, word] = tones[indication];
  drawLine(drawn, "signed-by", tone, say(word), told);
  drawLine(drawn, "printed", "blue", say("line.compare"), say("printed.yours"));
}

function drawLines(drawn: HTMLElement, verdict: CodeVerdict, context: Context): void {
  const { header, issuer } = verdict;
  if (header === null) {
    drawLine(drawn, "readable", "amber", say("line.partly"), say("readable.part"));
    drawProof(drawn, verdict, null, "");
    return;
  }
  const proved = verdict.fields.length > 0 && issuer !== null;
  const date = longDate(header.signatureDate, context.lang);
  const claimed = { ca: header.caId, certificate: header.certificateId, date };
  drawLine(drawn, "readable", "green", say("line.yes"), say("readable.yes", { version: String(header.version).padStart(2, "0") }));
  drawProof(drawn, verdict, proved ? say("signed-by.proved", { issuer, date }) : null, say("signed-by.claimed", claimed));
}

/** Put the picture of the page beside the values; without one, they take the whole width. */
export function drawPicture(drawn: HTMLElement, picture: HTMLElement | null): void {
  if (picture === null) remove(drawn, '[data-slot="picture"]');
  else part('[data-slot="picture"]', HTMLElement, drawn).prepend(picture);
}

function drawValues(drawn: HTMLElement, verdict: CodeVerdict, context: Context): void {
  const { header } = verdict;
  if (header === null || verdict.fields.length === 0) {
    remove(drawn, '[data-part="values"]');
    return;
  }
  drawPicture(drawn, context.picture);
  const type = docType(header.docType, header.perimeter);
  const told = [
    type === undefined
      ? say("type.unknown", { code: header.docType })
      : say("type.known", { name: context.lang === "fr" ? type.fr : type.en, code: header.docType }),
  ];
  if (header.issueDate !== null) told.push(say("type.issued", { date: longDate(header.issueDate, context.lang) }));
  fill(drawn, "type", told.join(" · "));
  const written = verdict.fields.filter((field) => field.raw !== "");
  const empty = verdict.fields.filter((field) => field.raw === "").map((field) => nameOf(field, context.lang));
  const rows = written.map((field) => valueRow(field, context.lang));
  part('[data-slot="values"]', HTMLElement, drawn).replaceChildren(...rows);
  fill(drawn, "empty", empty.length === 0 ? "" : say("value.empty", { names: empty.join(" ; ") }));
}

function valueRow(field: ShownField, lang: string): HTMLElement {
  const shown = element("dd", valueText(field, lang));
  if (field.truncated) shown.append(element("small", say("value.truncated")));
  return pair(element("dt", nameOf(field, lang)), shown);
}

function nameOf(field: ShownField, lang: string): string {
  return lang === "fr" ? field.fr : field.en;
}

/** The printed text has nothing to be compared with where no value is proved. */
function uncheckedOf(verdict: Answered, context: Context): readonly string[] {
  return verdict.fields.length > 0 ? [say("unchecked.printed"), ...context.unchecked] : context.unchecked;
}

/** Write a value for people; one that does not decode is shown as it stands. */
function valueText(field: ShownField, lang: string): string {
  const { value } = field;
  if (value === null || value.is === "number") return field.raw;
  return value.is === "text" ? value.text : TEXTS[value.is](value as never, lang);
}

type Dated = Exclude<Value, { readonly is: "text" | "number" }>;
type Writers = { readonly [K in Dated["is"]]: (value: Extract<Dated, { readonly is: K }>, lang: string) => string };

const TEXTS: Writers = {
  flag: ({ flag }) => say(flag ? "value.yes" : "value.no"),
  date: ({ iso }, lang) => longDate(iso, lang),
  moment: ({ iso }, lang) => `${longDate(iso.slice(0, 10), lang)}, ${iso.slice(11, 16)}`,
  clock: ({ iso }) => iso,
  period: ({ first, last }, lang) => `${monthText(first, lang)} – ${monthText(last, lang)}`,
};

function noticesOf(verdict: CodeVerdict, lang: string): string[] {
  return verdict.findings.map((finding) => {
    const [code = "", di = ""] = finding.split(":");
    const entry = identifier(di);
    const name = (lang === "fr" ? entry?.fr : entry?.en) ?? di;
    return say(`finding.${code}`, { name });
  });
}

function drawAnnex(drawn: HTMLElement, verdict: CodeVerdict): void {
  if (verdict.annex.length === 0) remove(drawn, '[data-part="annex"]');
  else {
    const rows = verdict.annex.map((field) => pair(element("dt", field.di), element("dd", field.raw)));
    part('[data-slot="annex"]', HTMLElement, drawn).replaceChildren(...rows);
  }
}

function checkOf(check: Check, lang: string): HTMLElement {
  const line = element("li", "");
  const tone = check.indication === "TOTAL-PASSED" ? "green" : TONES[check.indication];
  const state = element("span", say(`state.${check.indication}`), `chip ${tone}`);
  const name = element("strong", say(`check.${check.id}`));
  line.append(name, " ", state, element("div", say(`reason.${check.reason}`, written(check.details, lang))));
  return line;
}

/** Say how old the lists are, and that they are this device's own where they could not be renewed. */
function listsText({ lists, lang, now }: Context): string {
  const ages = agesText(lists.trust, lang, now);
  if (!lists.kept) return ages;
  return say("device.kept", { ages, date: longDate(lists.trust.given.slice(0, 10), lang) });
}

/** Say how old the oldest list is: no answer is fresher than what it rests on. */
export function agesText(trust: TrustList, lang: string, now: Date): string {
  const [oldest] = trust.lists.map((list) => list.issued).sort();
  if (oldest === undefined) return say("fact.no-list");
  return say("fact.oldest", { date: longDate(oldest.slice(0, 10), lang), age: ageText(oldest, now) });
}

function ageText(issued: string, now: Date): string {
  const days = Math.max(0, Math.floor((now.getTime() - Date.parse(issued)) / DAY_MS));
  return days === 0 ? say("age.today") : say("age.days", { days });
}

function drawFacts(drawn: HTMLElement, own: readonly (readonly [string, string])[], context: Context): void {
  const lists = context.lists.trust.lists.map((list) => {
    const date = longDate(list.issued.slice(0, 10), context.lang);
    return say("fact.list", { name: say(`list.${list.name}`), date, age: ageText(list.issued, context.now) });
  });
  const facts = [...own, [say("fact.lists"), lists.join(" ; ") || say("fact.no-list")] as const];
  const rows = facts.map(([name, text]) => pair(element("dt", name), element("dd", text)));
  part('[data-slot="facts"]', HTMLElement, drawn).replaceChildren(...rows);
}

/** Make a row of a list: a name and its value. */
export function pair(name: HTMLElement, value: HTMLElement): HTMLElement {
  const row = document.createElement("div");
  row.append(name, value);
  return row;
}

/** Write a day for people. */
export function longDate(day: string, lang: string): string {
  return format(day, lang, { dateStyle: "long" });
}

function monthText(month: string, lang: string): string {
  return format(`${month}-01`, lang, { month: "long", year: "numeric" });
}

function format(day: string, lang: string, options: Intl.DateTimeFormatOptions): string {
  const locale = lang === "fr" ? "fr-FR" : "en-GB";
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}
