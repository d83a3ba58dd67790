/** The camera's panel: opens, counts the pictures looked at, closes as soon as a code is read. */
import { NoCameraError, startCamera, type Camera } from "../ports/camera.ts";
import { StoppedError, type Reader } from "../ports/reader.ts";
import { part, say } from "./words.ts";

const PAUSE_MS = 120;
const TELL_EVERY = 25;

/** Wire the panel; `found` is called once for a code, with the camera already off. */
export class CameraPanel {
  readonly #panel = part("#camera", HTMLElement);
  readonly #opener = part("#camera-open", HTMLButtonElement);
  readonly #hint = part("#camera-hint", HTMLElement);
  readonly #firstHint = this.#hint.textContent;
  #camera: Camera | null = null;

  constructor(
    readonly reader: Reader,
    readonly announce: (text: string) => void,
    readonly found: (bytes: Uint8Array) => void,
    readonly fault: (problem: unknown) => void,
  ) {
    this.#opener.addEventListener("click", () => {
      if (this.#panel.hidden) this.#open().catch(fault);
      else this.close();
    });
    part("#camera-close", HTMLElement).addEventListener("click", () => {
      this.close();
      this.#opener.focus();
    });
  }

  /** Turn the camera off and put the panel away. */
  close(): void {
    this.#camera?.stop();
    this.#camera = null;
    this.#panel.hidden = true;
    this.#opener.setAttribute("aria-expanded", "false");
  }

  async #open(): Promise<void> {
    this.#panel.hidden = false;
    this.#opener.setAttribute("aria-expanded", "true");
    this.#panel.scrollIntoView({ block: "nearest" });
    this.#tell(this.#firstHint);
    try {
      const camera = await startCamera(part("#video", HTMLVideoElement));
      // The person may have closed the panel while the browser was asking.
      if (this.#isClosed()) camera.stop();
      else await this.#look(camera);
    } catch (problem) {
      if (!(problem instanceof NoCameraError)) throw problem;
      this.#tell(say(`camera.${problem.why}`));
    }
  }

  async #look(camera: Camera): Promise<void> {
    this.#camera = camera;
    for (let count = 1; this.#camera === camera; count += 1) {
      const picture = camera.picture();
      const [symbol] = picture === null ? [] : await this.reader.read(picture, false).catch(noneWhenStopped);
      if (symbol !== undefined && this.#isOn(camera)) {
        this.close();
        this.found(symbol.bytes);
        return;
      }
      this.#hint.textContent = say("camera.looking", { count });
      if (count % TELL_EVERY === 0) this.announce(this.#hint.textContent);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #isClosed(): boolean {
    return this.#panel.hasAttribute("hidden");
  }

  #isOn(camera: Camera): boolean {
    return this.#camera === camera;
  }

  #tell(text: string): void {
    this.#hint.textContent = text;
    this.announce(text);
  }
}

function noneWhenStopped(problem: unknown): readonly [] {
  if (problem instanceof StoppedError) return [];
  throw problem;
}
