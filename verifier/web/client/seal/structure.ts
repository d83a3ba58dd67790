/**
 * Whether a reader of the file comes to its one seal: end, tables, catalog, form, field, seal.
 *
 * Asked only where the sealed bytes were changed: to call a file altered, every other reader must find
 * the same seal in it. Classic tables alone; tables as streams, mixed ones, and whatever is odd are
 * "no".
 */
import { ObjectError, ObjectReader, Reference, type PdfDict, type PdfObject } from "./objects.ts";

const MAX_TABLES = 32;
const MAX_FIELDS = 1_000;
const MAX_GENERATION = 65_535;
const ENTRY = /(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)/y;

/** Tell whether the file leads to one seal, whose value stands before this place and holds it. */
export function leadsToSeal(text: string, hole: number): boolean {
  try {
    return new Follower(text).seal() === hole;
  } catch (problem) {
    if (problem instanceof ObjectError) return false;
    throw problem;
  }
}

class Follower {
  readonly #places = new Map<number, number>();
  readonly #trailer: PdfDict;

  constructor(readonly text: string) {
    const end = /startxref[\r\n ]+(\d{1,10})[\r\n ]+%%EOF[\r\n ]*$/.exec(text.slice(-200));
    if (end?.[1] === undefined || !text.startsWith("%PDF-1.")) throw new ObjectError("got no end");
    let next: PdfObject | undefined = Number(end[1]);
    let newest: PdfDict | null = null;
    const seen = new Set<number>();
    while (next !== undefined) {
      if (typeof next !== "number" || seen.has(next) || seen.size >= MAX_TABLES) throw new ObjectError("got no table");
      seen.add(next);
      const trailer = this.#table(next);
      newest ??= trailer;
      next = trailer.get("/Prev");
    }
    if (newest === null) throw new ObjectError("got no trailer");
    this.#trailer = newest;
  }

  /** Give the place of the one seal's contents. */
  seal(): number {
    const root = this.#dict(this.#trailer.get("/Root"));
    if (root.get("/Type") !== "/Catalog") throw new ObjectError("got no catalog");
    // Read as others read it, for a fault there stops them.
    const pages = this.#dict(root.get("/Pages"));
    if (pages.get("/Type") !== "/Pages") throw new ObjectError("got no pages");
    const found = this.#fields(root).flatMap((field) => this.#sealIn(field));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new ObjectError(`got ${found.length} seals`);
    return only;
  }

  #fields(root: PdfDict): readonly PdfDict[] {
    const fields = this.#value(this.#dict(root.get("/AcroForm")).get("/Fields"));
    if (!Array.isArray(fields) || fields.length > MAX_FIELDS) throw new ObjectError("got no fields");
    return (fields as readonly PdfObject[]).map((one) => this.#dict(one));
  }

  #sealIn(field: PdfDict): readonly number[] {
    if (field.has("/Kids") || typeof field.get("/T") !== "string") throw new ObjectError("got another field");
    return field.get("/FT") === "/Sig" && field.has("/V") ? [this.#contents(field.get("/V"))] : [];
  }

  #contents(value: PdfObject | undefined): number {
    if (!(value instanceof Reference)) throw new ObjectError("got a seal in its field");
    const seal = this.#dict(value);
    const range = seal.get("/ByteRange");
    const written = seal.get("/Contents");
    if (seal.get("/Type") !== "/Sig" || seal.get("/Filter") !== "/Adobe.PPKLite" || seal.get("/SubFilter") !== "/ETSI.CAdES.detached") {
      throw new ObjectError("got another seal");
    }
    const [, before] = Array.isArray(range) ? (range as readonly PdfObject[]) : [];
    if (typeof before !== "number" || typeof written !== "string") throw new ObjectError("got no range");
    if (!this.text.startsWith(written, before)) throw new ObjectError("got contents elsewhere");
    return before;
  }

  #table(place: number): PdfDict {
    const reader = new ObjectReader(this.text, place);
    if (!this.text.startsWith("xref", place)) throw new ObjectError("got no classic table");
    reader.at += 4;
    for (let word = reader.token(); word !== "trailer"; word = reader.token()) {
      const head = /^[\r\n ]*(\d+) (\d+)[ ]?\r?\n/.exec(this.text.slice(reader.at - word.length, reader.at + 32));
      if (head?.[1] === undefined || head[2] === undefined) throw new ObjectError("got no section");
      reader.at += head[0].length - word.length;
      this.#section(reader, Number(head[1]), Number(head[2]));
    }
    const trailer = reader.object();
    if (!(trailer instanceof Map) || trailer.has("/Encrypt") || trailer.has("/XRefStm")) throw new ObjectError("got another trailer");
    if (typeof trailer.get("/Size") !== "number") throw new ObjectError("got no size");
    return trailer;
  }

  #section(reader: ObjectReader, start: number, count: number): void {
    if (count > 1_000_000) throw new ObjectError("got too many objects");
    for (let number = start; number < start + count; number += 1) {
      ENTRY.lastIndex = reader.at;
      const found = ENTRY.exec(this.text);
      if (found === null) throw new ObjectError("got no entry");
      reader.at = ENTRY.lastIndex;
      if (Number(found[2]) > (found[3] === "n" ? 0 : MAX_GENERATION)) throw new ObjectError("got another generation");
      if (found[3] === "n" && !this.#places.has(number)) this.#places.set(number, Number(found[1]));
      else if (found[3] === "f" && !this.#places.has(number)) this.#places.set(number, -1);
    }
  }

  #value(value: PdfObject | undefined): PdfObject {
    if (!(value instanceof Reference)) return value ?? null;
    const place = this.#places.get(value.number) ?? -1;
    if (place < 0) throw new ObjectError("got a reference to nothing");
    const reader = new ObjectReader(this.text, place);
    reader.expect(String(value.number));
    reader.expect(String(value.generation));
    reader.expect("obj");
    const found = reader.object();
    reader.expect("endobj");
    return found;
  }

  #dict(value: PdfObject | undefined): PdfDict {
    const found = this.#value(value);
    if (!(found instanceof Map)) throw new ObjectError("got no dictionary");
    return found as PdfDict;
  }
}
