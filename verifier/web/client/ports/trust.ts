/**
 * The trust lists, asked of our own server; kept while the page is open, asked again after a failure.
 *
 * Without a network the service worker answers with those that it kept, and says so.
 */
import { parseTrustList, type TrustList } from "../trust/trust_list.ts";

/** The lists could not be had: the network or the server is away, and none were kept. */
export class NoListsError extends Error {}

/** The lists; `kept`: those of this device, for want of newer ones. */
export interface Lists {
  readonly trust: TrustList;
  readonly kept: boolean;
}

const FRESH_MS = 3_600_000;
const KEPT_MS = 30_000;

/** Give a function that answers with the lists, at most an hour old when the server is there. */
export function trustPort(url: string, clock: () => number): () => Promise<Lists> {
  let held: { readonly at: number; readonly lists: Lists } | null = null;
  return async () => {
    if (held !== null && clock() - held.at < (held.lists.kept ? KEPT_MS : FRESH_MS)) return held.lists;
    try {
      held = { at: clock(), lists: await ask(url) };
    } catch (problem) {
      // Lists say until when each part of them is good: older ones serve where new ones cannot come.
      if (held === null || !(problem instanceof NoListsError)) throw problem;
      held = { at: clock(), lists: { ...held.lists, kept: true } };
    }
    return held.lists;
  };
}

async function ask(url: string): Promise<Lists> {
  let answer: Response;
  try {
    answer = await fetch(url, { cache: "no-cache" });
  } catch (problem) {
    throw new NoListsError(String(problem));
  }
  if (!answer.ok) throw new NoListsError(`got ${answer.status}`);
  const json: unknown = await answer.json();
  return { trust: parseTrustList(json), kept: answer.headers.has("Coffre-Kept") };
}
