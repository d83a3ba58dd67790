/**
 * PDF objects, as much of them as leads to a seal: dictionaries, lists, names, numbers, references.
 *
 * Anything unusual throws ObjectError: whoever asks then concludes nothing. 64 levels.
 */

/** These bytes are not the object awaited. */
export class ObjectError extends Error {}

/** A reference to another object. */
export class Reference {
  constructor(readonly number: number, readonly generation: number) {}
}

export type PdfDict = ReadonlyMap<string, PdfObject>;
export type PdfObject = PdfDict | readonly PdfObject[] | Reference | number | string | boolean | null;

const TOKEN = /[\t\n\f\r ]*(?:%[^\r\n]*[\r\n][\t\n\f\r ]*)*(<<|>>|\[|\]|\/[A-Za-z0-9_.+:*-]+(?![^\0\t\n\f\r ()<>[\]{}/%])|<[0-9A-Fa-f\0\t\n\f\r ]*>|\(|[+-]?\d*\.?\d+|[+-]?\d+\.?|[A-Za-z]+)/y;
const MAX_DEPTH = 64;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([["true", true], ["false", false], ["null", null]]);

// Names of plain characters alone: of others, readers make what they will.
/** Reads a text of bytes (latin-1), one object after another, from a place on. */
export class ObjectReader {
  constructor(readonly text: string, public at: number) {}

  /** Give the next token. */
  token(): string {
    TOKEN.lastIndex = this.at;
    const found = TOKEN.exec(this.text);
    if (found?.[1] === undefined) throw new ObjectError(`got no token at ${this.at}`);
    this.at = TOKEN.lastIndex;
    return found[1];
  }

  /** Ask that the next token is this one. */
  expect(word: string): void {
    const got = this.token();
    if (got !== word) throw new ObjectError(`got ${got.slice(0, 20)}, expected ${word}`);
  }

  /** Give the next object. */
  object(depth = 0): PdfObject {
    if (depth > MAX_DEPTH) throw new ObjectError("got too many levels");
    const token = this.token();
    if (token === "<<") return this.#dict(depth);
    if (token === "[") return this.#list(depth);
    if (token === "(") return this.#string();
    return token.startsWith("/") || token.startsWith("<") ? token : this.#plain(token);
  }

  #plain(token: string): PdfObject {
    const word = WORDS.get(token);
    if (word !== undefined) return word;
    if (!/^[+-]?[\d.]+$/.test(token)) throw new ObjectError(`got ${token.slice(0, 20)}`);
    return /^\d+$/.test(token) ? this.#numberOrReference(Number(token)) : Number(token);
  }

  #dict(depth: number): PdfDict {
    const found = new Map<string, PdfObject>();
    for (let name = this.token(); name !== ">>"; name = this.token()) {
      if (!name.startsWith("/") || name.includes("#") || found.has(name)) throw new ObjectError("got no name, or twice");
      found.set(name, this.object(depth + 1));
    }
    return found;
  }

  #list(depth: number): readonly PdfObject[] {
    const found: PdfObject[] = [];
    for (;;) {
      const before = this.at;
      if (this.token() === "]") return found;
      this.at = before;
      found.push(this.object(depth + 1));
    }
  }

  #string(): string {
    const start = this.at;
    for (let open = 1; open > 0; this.at += 1) {
      const one = this.text[this.at];
      if (one === undefined) throw new ObjectError("got a string without end");
      if (one === "\\") this.at += 1;
      else if (one === "(") open += 1;
      else if (one === ")") open -= 1;
    }
    return this.text.slice(start - 1, this.at);
  }

  #numberOrReference(number: number): number | Reference {
    const found = /[\t\n\f\r ]+(\d{1,5})[\t\n\f\r ]+R(?![A-Za-z])/y;
    found.lastIndex = this.at;
    const rest = found.exec(this.text);
    if (rest?.[1] === undefined) return number;
    this.at = found.lastIndex;
    return new Reference(number, Number(rest[1]));
  }
}
