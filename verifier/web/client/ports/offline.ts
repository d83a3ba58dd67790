/**
 * The service worker, seen from the page: started once, and asked now and then for a new version.
 *
 * - a new version is offered, never taken: the agent says when, and not while something is read;
 * - a page whose version another window replaced is offered the same.
 */
import { scriptUrl } from "../../../../vault/web/client/ports/trusted.ts";

const ASK_AGAIN_MS = 3_600_000;

/** Told when the page may be opened without a network, and when a newer version waits. */
export interface Told {
  ready(): void;
  newer(take: () => void): void;
}

/** Keep the page on this device; where the browser cannot, nothing changes. */
export async function keepOffline(script: string, scope: string, told: Told): Promise<void> {
  // Absent outside secure contexts and in private windows, whatever the DOM's types say.
  const { serviceWorker } = navigator as { serviceWorker?: ServiceWorkerContainer };
  if (serviceWorker === undefined) return;
  const hadOne = serviceWorker.controller !== null;
  const registration = await serviceWorker.register(scriptUrl(script), { scope });
  serviceWorker.addEventListener("controllerchange", () => {
    if (hadOne) told.newer(reload);
  });
  const look = (): void => {
    const { waiting } = registration;
    if (waiting !== null && hadOne) told.newer(() => { takeOver(serviceWorker, waiting); });
  };
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
  look();
  setInterval(() => void registration.update().catch(() => undefined), ASK_AGAIN_MS);
  await serviceWorker.ready;
  told.ready();
}

function takeOver(container: ServiceWorkerContainer, waiting: ServiceWorker): void {
  container.addEventListener("controllerchange", reload);
  waiting.postMessage("take-over");
}

function reload(): void {
  location.reload();
}
