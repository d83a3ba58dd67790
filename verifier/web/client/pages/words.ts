/**
 * The page's own sentences and shapes, written by the server in the language of the page.
 *
 * Text goes in by `textContent` only: nothing that a document says is ever markup.
 */
type Details = Readonly<Record<string, string | number>>;

/** Give an element of the page; its absence is a fault of ours. */
export function part<T extends Element>(selector: string, kind: new () => T, root: ParentNode = document): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`got no ${selector}`);
  return found;
}

/** Say a sentence by its name; a name without a sentence stands for itself. */
export function say(name: string, details: Details = {}): string {
  const words = part("#words", HTMLTemplateElement).content;
  const found = [...words.children].find((one) => one.getAttribute("data-word") === name);
  const sentence = found?.textContent ?? name;
  return sentence.replace(/\{([a-z]+)\}/g, (whole, key: string) => String(details[key] ?? whole));
}

/** Tell whether a sentence of that name is there. */
export function isSaid(name: string): boolean {
  return say(name) !== name;
}

/** Copy a shape of the page. */
export function shape(name: string): HTMLElement {
  const copy = part(`#${name}`, HTMLTemplateElement).content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`got no shape ${name}`);
  return copy;
}

/** Copy an icon of the page. */
export function icon(name: string): Node {
  return part(`#icon-${name}`, HTMLTemplateElement).content.cloneNode(true);
}

/** Put a text in a slot of a shape; a slot left empty is taken out. */
export function fill(root: ParentNode, slot: string, text: string): void {
  const place = part(`[data-slot="${slot}"]`, HTMLElement, root);
  if (text === "") place.remove();
  else place.textContent = text;
}

/** Put a list of texts in a slot; without any, `partOf` (the section around it) is taken out. */
export function fillList(root: ParentNode, slot: string, texts: readonly string[], partOf?: string): void {
  const place = part(`[data-slot="${slot}"]`, HTMLElement, root);
  place.replaceChildren(...texts.map((text) => element("li", text)));
  if (texts.length === 0) remove(root, partOf ?? `[data-slot="${slot}"]`);
}

/** Take an element out of a shape. */
export function remove(root: ParentNode, selector: string): void {
  root.querySelector(selector)?.remove();
}

/** Make an element that holds a text. */
export function element(tag: string, text: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}
