/**
 * What a signature proves: twin of `sealing/towncode/signature.py`, by WebCrypto.
 *
 * - ES256 over `["Signature1", protected, 'coffre-towncode-1', payload]`, on P-256 alone;
 * - only `VerifiedTownCode`, born here, gives named values: nothing unproved reaches a screen.
 */
import type { PublicKey } from "../twoddoc/signature.ts";
import { isDate, type Pair, type ParsedTownCode } from "./message.ts";
import { labelOf, typeOf } from "./registry.ts";

const CONTEXT = "Signature1";
const EXTERNAL_AAD = "coffre-towncode-1";
const BYTES = 2;
const TEXT = 3;

/** A proved pair, ready for a screen. `isDay`: the value is a whole date. */
export interface ShownPair {
  readonly label: number | null;
  readonly fr: string;
  readonly en: string;
  readonly raw: string;
  readonly isDay: boolean;
}

/** A code whose signature was verified with a key. Made by `verify` only. */
export class VerifiedTownCode {
  readonly #parsed: ParsedTownCode;

  private constructor(parsed: ParsedTownCode) {
    this.#parsed = parsed;
  }

  /** Prove that the key signed the bytes read; null when it did not. */
  static async verify(parsed: ParsedTownCode, key: PublicKey): Promise<VerifiedTownCode | null> {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const imported = await crypto.subtle.importKey("spki", key.spki, algorithm, false, ["verify"]);
    const by = { name: "ECDSA", hash: "SHA-256" };
    const good = await crypto.subtle.verify(by, imported, parsed.signature, toBeSigned(parsed));
    return good ? new VerifiedTownCode(parsed) : null;
  }

  get findings(): readonly string[] {
    return this.#parsed.findings;
  }

  /** The type of document; a text is its own name. */
  get type(): { readonly fr: string; readonly en: string } {
    const { docType } = this.#parsed;
    return typeOf(docType) ?? { fr: String(docType), en: String(docType) };
  }

  /** The signed pairs in their order, every occurrence. */
  get fields(): readonly ShownPair[] {
    return this.#parsed.pairs.map(shown);
  }
}

function toBeSigned(parsed: ParsedTownCode): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  const parts = [
    Uint8Array.of(0x84),
    written(TEXT, text.encode(CONTEXT)),
    written(BYTES, parsed.protectedHeader),
    written(BYTES, text.encode(EXTERNAL_AAD)),
    written(BYTES, parsed.payload),
  ];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Write a string with its shortest head; none here is longer than a whole message. */
function written(major: number, bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const start = major << 5;
  if (length < 24) return Uint8Array.of(start | length, ...bytes);
  if (length < 256) return Uint8Array.of(start | 24, length, ...bytes);
  return Uint8Array.of(start | 25, length >> 8, length & 0xff, ...bytes);
}

function shown({ label, value }: Pair): ShownPair {
  const entry = labelOf(label);
  const name = String(label);
  const number = typeof label === "number" ? label : null;
  const isDay = entry?.kind === "date" && value.length === 10 && isDate(value);
  return { label: number, fr: entry?.fr ?? name, en: entry?.en ?? name, raw: value, isDay };
}
