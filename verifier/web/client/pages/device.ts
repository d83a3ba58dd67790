/** What the page says of this device: the age of its lists, off line or not, a version that waits. */
import { checkLists } from "../checks/lists.ts";
import { keepOffline } from "../ports/offline.ts";
import type { Lists } from "../ports/trust.ts";
import { agesText, written } from "./answer.ts";
import { part, say } from "./words.ts";

/** Say how old the lists are, and whether they still serve. */
export function tellLists(lists: Lists, lang: string, now: Date): void {
  const check = checkLists(lists.trust, now);
  const old = check.indication !== "TOTAL-PASSED";
  const place = part("#lists-state", HTMLElement);
  place.hidden = false;
  place.classList.toggle("is-old", old);
  const words = old ? say(`reason.${check.reason}`, written(check.details, lang)) : say("device.lists", { ages: agesText(lists.trust, lang, now) });
  part("#lists-text", HTMLElement).textContent = words;
  const offline = part("#offline-state", HTMLElement);
  offline.hidden = !lists.kept;
}

/** Keep the page on this device, and offer new versions of it. */
export function keepPage(script: string, scope: string): void {
  const newer = part("#newer", HTMLElement);
  let take = (): void => undefined;
  part("#newer-take", HTMLElement).addEventListener("click", () => {
    take();
  });
  const told = {
    ready: () => {
      part("#ready-state", HTMLElement).hidden = false;
    },
    newer: (act: () => void) => {
      take = act;
      newer.hidden = false;
    },
  };
  // A browser that refuses (private window, full disk) verifies as well, on line.
  keepOffline(script, scope, told).catch(() => undefined);
}
