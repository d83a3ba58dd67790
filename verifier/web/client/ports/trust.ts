/** The trust lists, asked of our own server; kept while the page is open, asked again after a failure. */
import { parseTrustList, type TrustList } from "../trust/trust_list.ts";

/** The lists could not be had: the network or the server is away. */
export class NoListsError extends Error {}

const FRESH_MS = 3_600_000;

/** Give a function that answers with the lists, at most an hour old when the server is there. */
export function trustPort(url: string, clock: () => number): () => Promise<TrustList> {
  let held: { readonly at: number; readonly trust: TrustList } | null = null;
  return async () => {
    if (held !== null && clock() - held.at < FRESH_MS) return held.trust;
    try {
      held = { at: clock(), trust: await ask(url) };
    } catch (problem) {
      // Lists say until when each part of them is good: older ones serve where new ones cannot come.
      if (held === null || !(problem instanceof NoListsError)) throw problem;
    }
    return held.trust;
  };
}

async function ask(url: string): Promise<TrustList> {
  let answer: Response;
  try {
    answer = await fetch(url, { cache: "no-cache" });
  } catch (problem) {
    throw new NoListsError(String(problem));
  }
  if (!answer.ok) throw new NoListsError(`got ${answer.status}`);
  const json: unknown = await answer.json();
  return parseTrustList(json);
}
