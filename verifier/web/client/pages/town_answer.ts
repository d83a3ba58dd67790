/** The verdict on a town code, on the screen: the same shape as a 2D-Doc's (`answer.ts`), same rules. */
import type { TownVerdict } from "../checks/towncode.ts";
import type { ShownPair } from "../towncode/signature.ts";
import { labelOf } from "../towncode/registry.ts";
import { drawEnd, drawLine, drawPicture, drawProof, longDate, opened, pair, type Context } from "./answer.ts";
import { element, fill, fillList, part, remove, say } from "./words.ts";

/** Draw the verdict on one town code. */
export function townAnswerOf(verdict: TownVerdict, context: Context): HTMLElement {
  const drawn = opened(verdict, context);
  drawLines(drawn, verdict, context);
  drawValues(drawn, verdict, context);
  const notices = verdict.findings.map((finding) => noticeOf(finding, context.lang));
  fillList(drawn, "notices", notices, '[data-part="notices"]');
  remove(drawn, '[data-part="annex"]');
  const { thumbprint } = verdict;
  drawEnd(drawn, verdict, context, thumbprint === null ? [] : [[say("fact.thumbprint"), thumbprint]]);
  return drawn;
}

function drawLines(drawn: HTMLElement, verdict: TownVerdict, context: Context): void {
  const { issuer, issuedOn, thumbprint } = verdict;
  if (issuedOn === null || thumbprint === null) {
    const cut = verdict.checks.some((check) => check.reason === "cut-short");
    drawLine(drawn, "readable", "amber", say("line.partly"), say(cut ? "readable.cut" : "readable.part"));
    drawProof(drawn, verdict, null, "");
    return;
  }
  const proved = verdict.fields.length > 0 && issuer !== null;
  const date = longDate(issuedOn, context.lang);
  drawLine(drawn, "readable", "green", say("line.yes"), say("readable.town"));
  drawProof(drawn, verdict, proved ? say("signed-by.proved", { issuer, date }) : null, say("signed-by.town", { certificate: thumbprint, date }));
}

function drawValues(drawn: HTMLElement, verdict: TownVerdict, context: Context): void {
  if (verdict.fields.length === 0 || verdict.type === null) {
    remove(drawn, '[data-part="values"]');
    return;
  }
  drawPicture(drawn, context.picture);
  fill(drawn, "type", context.lang === "fr" ? verdict.type.fr : verdict.type.en);
  const rows = verdict.fields.map((field) => valueRow(field, context.lang));
  part('[data-slot="values"]', HTMLElement, drawn).replaceChildren(...rows);
  fill(drawn, "empty", "");
}

function valueRow(field: ShownPair, lang: string): HTMLElement {
  const name = lang === "fr" ? field.fr : field.en;
  return pair(element("dt", name), element("dd", field.isDay ? longDate(field.raw, lang) : field.raw));
}

/** Say what is odd; a registered label by its name, a text as the code writes it. */
function noticeOf(finding: string, lang: string): string {
  const cut = finding.indexOf(":");
  const code = cut < 0 ? finding : finding.slice(0, cut);
  const label = cut < 0 ? "" : finding.slice(cut + 1);
  const entry = labelOf(/^\d+$/.test(label) ? Number(label) : label);
  const name = (lang === "fr" ? entry?.fr : entry?.en) ?? label;
  return say(`finding.${code}`, { name });
}
