/**
 * Whether the lists of this device may still be rested on; added to the checks of every answer.
 *
 * - a device that could not renew them in time concludes nothing good: INDETERMINATE, try later; what
 *   is proved false stays false;
 * - nor does one whose clock stands before the lists: its dates are worth nothing.
 */
import type { TrustList } from "../trust/trust_list.ts";
import { passed, unsure, type Check } from "../verdict.ts";

const DAY_MS = 86_400_000;
const NAME = "lists.age";

/** Say whether the lists were renewed in time. */
export function checkLists(trust: TrustList, now: Date): Check {
  const due = trust.renewBy.slice(0, 10);
  // Written so that a date that cannot be read passes nothing.
  if (!(now.getTime() <= Date.parse(trust.renewBy))) return unsure(NAME, "lists-not-renewed", "TRY_LATER", { due });
  if (!(now.getTime() >= Date.parse(trust.given) - DAY_MS)) return unsure(NAME, "clock-behind-lists", "TRY_LATER");
  return passed(NAME, "lists-renewed");
}
