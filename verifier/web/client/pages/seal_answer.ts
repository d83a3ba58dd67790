/**
 * The verdict on the seal of a PDF, on the screen: the same shape as a code's, same rules.
 *
 * Blue, never green: level, chains of time-stamps and letters taken back are the full report's.
 */
import { checkLists } from "../checks/lists.ts";
import type { SealVerdict } from "../checks/seal.ts";
import { conclude } from "../verdict.ts";
import { drawEnd, drawLine, opened, TONES, type Context } from "./answer.ts";
import { worthOf, type Drawn } from "./worth.ts";
import { remove, say } from "./words.ts";

const NOT_CHECKED = ["level", "stamps", "since"];

/** Draw the verdict on a seal. */
export function sealAnswerOf(verdict: SealVerdict, context: Context): Drawn {
  const checks = [...verdict.checks, checkLists(context.lists.trust, context.now)];
  const unchecked = NOT_CHECKED.map((name) => say(`unchecked.${name}`));
  const told = { checks, fields: [], test: verdict.test };
  const drawn = opened(told, { ...context, unchecked }, "seal");
  drawLines(drawn, { ...verdict, checks });
  for (const name of ["values", "notices", "annex"]) remove(drawn, `[data-part="${name}"]`);
  drawEnd(drawn, told, { ...context, unchecked }, []);
  return { worth: worthOf(checks), shown: drawn, kind: say("history.seal") };
}

function drawLines(drawn: HTMLElement, verdict: SealVerdict): void {
  const said = new Set(verdict.checks.map((check) => check.reason));
  const reads = said.has("pades-seal");
  drawLine(drawn, "readable", reads ? "green" : "amber", say(reads ? "line.yes" : "line.partly"), say(reads ? "readable.seal" : "readable.seal-not"));
  const { indication } = conclude(verdict.checks);
  if (indication === "TOTAL-PASSED" && verdict.signer !== null) {
    drawLine(drawn, "signed-by", "green", say("line.yes"), say("signed-by.seal", { issuer: verdict.signer }));
    drawLine(drawn, "printed", "blue", say("line.compare"), say("printed.file"));
    return;
  }
  const issuer = said.has("content-unchanged") ? verdict.signer : null;
  const word = say(indication === "TOTAL-FAILED" ? "line.no" : "line.unproved");
  drawLine(drawn, "signed-by", TONES[indication], word, issuer === null ? "" : say("signed-by.seal-unsure", { issuer }));
  if (said.has("content-changed")) drawLine(drawn, "printed", "red", say("line.no"), say("printed.changed"));
  else drawLine(drawn, "printed", "grey", say("line.none"), say("printed.unsealed"));
}
