/**
 * The verifier without a network: the service worker of `/verifier`, and of nothing else.
 *
 * - what is kept is written in front of this script by the server (`verifier/web/offline.py`): the
 *   page in each language, its bundles with their digests, the town's colours, the trust lists;
 * - all of one version lies in one cache, named by its digest; others are deleted when it takes over;
 * - page and bundles come from what is kept, so that they always belong together; a new version waits
 *   until the agent takes it;
 * - trust lists come from the network, and from what is kept where there is none: such an answer says
 *   so (`Coffre-Kept`), and the lists themselves say until when they are good;
 * - every other address goes to the network untouched: nothing of the safe passes here.
 */
interface Kept {
  readonly version: string;
  readonly page: string;
  readonly languages: readonly string[];
  readonly bundles: Readonly<Record<string, string>>;
  readonly others: readonly string[];
  readonly lists: string;
}

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Asked extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** What a service worker's world has beside a page's; the DOM's types do not know it. */
interface Ground {
  readonly coffre: Kept;
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", act: (event: Lasting) => void): void;
  addEventListener(name: "fetch", act: (event: Asked) => void): void;
  addEventListener(name: "message", act: (event: MessageEvent<unknown>) => void): void;
}

const ground = globalThis as unknown as Ground;
const kept = ground.coffre;
const PREFIX = "coffre-verifier-";
const NAME = PREFIX + kept.version;
const PATIENCE_MS = 5_000;
const here = new Set([...Object.keys(kept.bundles), ...kept.others]);

function pageIn(lang: string): string {
  return `${kept.page}?lang=${lang}`;
}

async function keepAll(): Promise<void> {
  const cache = await caches.open(NAME);
  const pages = kept.languages.map(pageIn);
  const fresh: readonly (readonly [string, RequestInit])[] = [
    ...Object.entries(kept.bundles).map(([url, integrity]) => [url, { integrity }] as const),
    ...[...kept.others, ...pages, kept.lists].map((url) => [url, { cache: "reload" }] as const),
  ];
  await Promise.all(
    fresh.map(async ([url, how]) => {
      const answer = await fetch(url, how);
      if (!answer.ok) throw new Error(`got ${answer.status} for ${url}`);
      await cache.put(url, answer);
    }),
  );
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function keptAt(url: string): Promise<Response | undefined> {
  const cache = await caches.open(NAME);
  return cache.match(url, { ignoreVary: true });
}

/** The language asked in the address, else the first of the browser's that there is, else the first. */
function languageOf(url: URL): string {
  const wanted = [url.searchParams.get("lang") ?? "", ...navigator.languages.map((one) => one.slice(0, 2).toLowerCase())];
  return wanted.find((one) => kept.languages.includes(one)) ?? kept.languages[0] ?? "fr";
}

async function keptOr(url: string, request: Request): Promise<Response> {
  return (await keptAt(url)) ?? fetch(request);
}

async function lists(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`got ${answer.status}`);
    const cache = await caches.open(NAME);
    await cache.put(kept.lists, answer.clone());
    return answer;
  } catch {
    const held = await keptAt(kept.lists);
    if (held === undefined) return Response.error();
    const headers = new Headers(held.headers);
    headers.set("Coffre-Kept", "1");
    return new Response(held.body, { status: held.status, headers });
  }
}

function answerTo({ request }: Asked): Promise<Response> | null {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return null;
  if (request.mode === "navigate") return url.pathname === kept.page ? keptOr(pageIn(languageOf(url)), request) : null;
  if (url.pathname === kept.lists) return lists(request);
  return here.has(url.pathname) ? keptOr(url.pathname, request) : null;
}

ground.addEventListener("install", (event) => {
  event.waitUntil(keepAll());
});
ground.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});
ground.addEventListener("fetch", (event) => {
  const answer = answerTo(event);
  if (answer !== null) event.respondWith(answer);
});
ground.addEventListener("message", (event) => {
  if (event.data === "take-over") void ground.skipWaiting();
});
