/** Which certificate of an issuer's name signed a 2D-Doc: twin of `verifier/checks/codes/signer.py`. */
import { isTestAuthority, leavesOf, type Days, type Leaf, type TrustList } from "../trust/trust_list.ts";
import type { ParsedMessage } from "../twoddoc/message.ts";
import { signatureSize, VerifiedMessage } from "../twoddoc/signature.ts";

/** What a certificate's key says of the signature, the best last. */
export const Outcome = { wrongLength: 0, wrongKey: 1, invalid: 2, valid: 3 } as const;

/** One certificate of the issuer's name, tried. `outcome` is one of `Outcome`. */
export interface Candidate {
  readonly leaf: Leaf;
  readonly chained: boolean;
  readonly outcome: number;
  readonly proved: VerifiedMessage | null;
}

/** Tell whether a day lies in a certificate's validity, its first and last days included. */
export function validOn(days: Days, day: string): boolean {
  return days.first <= day && day <= days.last;
}

/** Give the certificate of the issuer's name that fits best; null when our lists have none. */
export async function bestCandidate(parsed: ParsedMessage, trust: TrustList): Promise<Candidate | null> {
  const { caId, certificateId, signatureDate } = parsed.header;
  // The test authority's key is public: outside test mode nothing of it is looked at.
  if (isTestAuthority(caId) && !trust.isTest) return null;
  const leaves = leavesOf(trust, caId, certificateId);
  const found = await Promise.all(leaves.map((leaf) => tried(parsed, trust, leaf)));
  const rank = (one: Candidate): number =>
    Number(one.chained) * 100 + one.outcome * 10 + Number(validOn(one.leaf, signatureDate));
  let best: Candidate | null = null;
  for (const one of found) if (best === null || rank(one) > rank(best)) best = one;
  return best;
}

async function tried(parsed: ParsedMessage, trust: TrustList, leaf: Leaf): Promise<Candidate> {
  const { caId } = parsed.header;
  // The published test certificate comes without its authority's: it is believed as it is.
  const pinned = isTestAuthority(caId) && trust.isTest && !trust.authorities.has(caId);
  const chained = leaf.authority !== null || pinned;
  const answer = { leaf, chained, proved: null };
  if (leaf.key === null) return { ...answer, outcome: Outcome.wrongKey };
  if (parsed.signature.length !== signatureSize(leaf.key.curve)) {
    return { ...answer, outcome: Outcome.wrongLength };
  }
  const proved = await VerifiedMessage.verify(parsed, leaf.key);
  return { ...answer, proved, outcome: proved === null ? Outcome.invalid : Outcome.valid };
}
