/**
 * The reader's thread, seen from the page: started at first use, stopped when a person cancels.
 *
 * The engine is fetched with its digest: other bytes than those that were built do not run.
 */
import { scriptUrl } from "../../../../vault/web/client/ports/trusted.ts";
import type { FoundSymbol } from "../reading/symbols.ts";
import type { Answer, Question } from "../reading/symbols_worker.ts";

/** Where the thread's script and engine are. */
export interface ReaderFiles {
  readonly script: string;
  readonly wasm: string;
  readonly wasmIntegrity: string;
}

/** The person stopped the reading: no answer, no fault. */
export class StoppedError extends Error {}

type Ask = Question extends infer Q ? (Q extends Question ? Omit<Q, "id"> : never) : never;

interface Waiting {
  readonly resolve: (found: readonly FoundSymbol[]) => void;
  readonly reject: (problem: Error) => void;
}

/** One thread at a time; asked one page after another. */
export class Reader {
  readonly #files: ReaderFiles;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Promise<Worker> | null = null;
  #count = 0;

  constructor(files: ReaderFiles) {
    this.#files = files;
  }

  /** Read the codes of a page; throw StoppedError when `stop` is called meanwhile. */
  async read(page: ImageData, thorough: boolean): Promise<readonly FoundSymbol[]> {
    this.#worker ??= this.#start();
    const worker = await this.#worker;
    const { data: rgba, width, height } = page;
    return this.#ask(worker, { rgba, width, height, thorough }, [rgba.buffer]);
  }

  /** Have the thread ready before it is needed; a failure is told by the first `read`. */
  warm(): void {
    this.#worker ??= this.#start();
    this.#worker.catch(() => {
      this.#worker = null;
    });
  }

  /** Wait until the thread is ready, or has failed to be. */
  async warmed(): Promise<void> {
    await this.#worker?.catch(() => undefined);
  }

  /** End the thread; what it was asked is answered by StoppedError. */
  stop(): void {
    const ending = this.#worker;
    this.#worker = null;
    ending?.then(
      (worker) => {
        worker.terminate();
      },
      () => undefined,
    );
    this.#refuse(new StoppedError());
  }

  async #start(): Promise<Worker> {
    const { script, wasm, wasmIntegrity } = this.#files;
    const answer = await fetch(wasm, { integrity: wasmIntegrity });
    if (!answer.ok) throw new Error(`got ${answer.status} for the reader`);
    const bytes = await answer.arrayBuffer();
    const worker = new Worker(scriptUrl(script));
    worker.addEventListener("message", (event: MessageEvent<Answer>) => {
      this.#answered(event.data);
    });
    worker.addEventListener("error", () => {
      this.#refuse(new Error("got an error from the reader's thread"));
    });
    await this.#ask(worker, { wasm: bytes }, [bytes]);
    return worker;
  }

  #ask(worker: Worker, ask: Ask, given: Transferable[]): Promise<readonly FoundSymbol[]> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...ask }, given);
    });
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.fault === null) waiting?.resolve(answer.found);
    else waiting?.reject(new Error(answer.fault));
  }

  #refuse(problem: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(problem);
    this.#waiting.clear();
  }
}
