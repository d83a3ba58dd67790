/**
 * What a signature proves: twin of `sealing/twoddoc/signature.py`, by WebCrypto.
 *
 * - the key decides curve and digest: P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512;
 * - r and s are raw, each padded to the curve: WebCrypto takes them as they are and refuses those
 *   outside 1..n-1;
 * - only `VerifiedMessage`, born here, gives named values: nothing unproved reaches a screen.
 */
import { docType, identifier, type DocType } from "./catalogue.ts";
import { isTruncated, type Field, type Finding } from "./fields.ts";
import type { Header } from "./header.ts";
import type { Annex, ParsedMessage } from "./message.ts";
import { decode, type Value } from "./values.ts";

const CURVES: Readonly<Record<Curve, { readonly digest: string; readonly size: number }>> = {
  "P-256": { digest: "SHA-256", size: 64 },
  "P-384": { digest: "SHA-384", size: 96 },
  "P-521": { digest: "SHA-512", size: 132 },
};

export type Curve = "P-256" | "P-384" | "P-521";

/** A public key as the trust list gives it: SubjectPublicKeyInfo, DER. */
export interface PublicKey {
  readonly curve: Curve;
  readonly spki: Uint8Array<ArrayBuffer>;
}

/** A proved field, ready for a screen. `value` is null when empty or not decodable. */
export interface ShownField {
  readonly di: string;
  readonly fr: string;
  readonly en: string;
  readonly raw: string;
  readonly value: Value | null;
  readonly truncated: boolean;
}

/** A message whose signature was verified with a key. Made by `verify` only. */
export class VerifiedMessage {
  readonly #parsed: ParsedMessage;

  private constructor(parsed: ParsedMessage) {
    this.#parsed = parsed;
  }

  /** Prove that the key signed the bytes read; null when it did not. */
  static async verify(parsed: ParsedMessage, key: PublicKey): Promise<VerifiedMessage | null> {
    const { digest } = CURVES[key.curve];
    const algorithm = { name: "ECDSA", namedCurve: key.curve };
    const imported = await crypto.subtle.importKey("spki", key.spki, algorithm, false, ["verify"]);
    const by = { name: "ECDSA", hash: digest };
    const good = await crypto.subtle.verify(by, imported, parsed.signature, parsed.signed);
    return good ? new VerifiedMessage(parsed) : null;
  }

  get header(): Header {
    return this.#parsed.header;
  }

  get findings(): readonly Finding[] {
    return this.#parsed.findings;
  }

  /** What follows the signature, proved by nothing. */
  get annex(): Annex | null {
    return this.#parsed.annex;
  }

  get type(): DocType | undefined {
    return docType(this.header.docType, this.header.perimeter);
  }

  /** The signed fields in their order, every occurrence. */
  get fields(): readonly ShownField[] {
    return this.#parsed.fields.map(shown);
  }
}

/** Count the bytes of r and s on a curve. */
export function signatureSize(curve: Curve): number {
  return CURVES[curve].size;
}

/** Name a field; an unknown identifier stands for its own name. */
export function shown(field: Field): ShownField {
  const entry = identifier(field.di);
  const fr = entry?.fr ?? field.di;
  return {
    di: field.di,
    fr,
    en: entry?.en ?? fr,
    raw: field.raw,
    value: field.raw === "" ? null : decode(entry?.kind ?? "text", field.raw),
    truncated: isTruncated(field),
  };
}
