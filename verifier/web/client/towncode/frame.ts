/**
 * The frame of a town code, cut in its parts or recognised when cut: twin of `sealing/towncode/frame.py`.
 *
 * - tag 18, a list of four: header of 16 bytes, empty map, payload, signature; one form, one text;
 * - a beginning: every bit that is there is the frame's, and its lengths reach beyond the end.
 */
import { base32Decode } from "../twoddoc/values.ts";
import { byteString } from "./cbor.ts";
import { TownCodeError } from "./errors.ts";

export const SIGNATURE = 64;
const MAX_BYTES = 600;
const THUMBPRINT = 8;
const OPENING = [0xd2, 0x84];
const UNPROTECTED = 0xa0;
const PROTECTED = [0xa2, 0x01, 0x26, 0x18, 0x22, 0x82, 0x2e, 0x48];
const BEGINNING = [...OPENING, 0x50, ...PROTECTED];
const CLOSING = [0x58, 0x40];
// Characters of base32 that make whole bytes.
const GROUP = 8;

/** The parts of a message. */
export interface Message {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Cut a message in header, payload and signature; throw TownCodeError. */
export function split(cose: Uint8Array<ArrayBuffer>): Message {
  if (!OPENING.every((byte, place) => cose[place] === byte)) throw new TownCodeError("structure-invalid");
  const [header, afterHeader] = byteString(cose, OPENING.length);
  if (cose[afterHeader] !== UNPROTECTED) throw new TownCodeError("structure-invalid");
  const [payload, afterPayload] = byteString(cose, afterHeader + 1);
  const [signature, end] = byteString(cose, afterPayload);
  if (end !== cose.length) throw new TownCodeError("structure-invalid");
  return { header, payload, signature };
}

/** Read a protected header: the thumbprint in hexadecimal; throw TownCodeError. */
export function thumbprintOf(header: Uint8Array): string {
  const good = PROTECTED.every((byte, place) => header[place] === byte);
  if (!good || header.length !== PROTECTED.length + THUMBPRINT) throw new TownCodeError("signature-header-invalid");
  const name = header.subarray(PROTECTED.length);
  return Array.from(name, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}

/** Tell base32 (without `CV1:`) that begins a message and ends before it, within a byte or not. */
export function isBeginning(text: string): boolean {
  const cose = base32Decode(text + "A".repeat((GROUP - (text.length % GROUP)) % GROUP));
  if (cose === null) return false;
  // Every length that a payload may have is tried: a head itself may be cut.
  return Array.from({ length: MAX_BYTES }, (_, size) => size).some((size) => begins(cose, 5 * text.length, size));
}

function begins(cose: Uint8Array, known: number, size: number): boolean {
  const middle = [UNPROTECTED, ...headOf(size)];
  const after = BEGINNING.length + THUMBPRINT;
  const closing = after + middle.length + size;
  const whole = closing + CLOSING.length + SIGNATURE;
  const agree = (at: number, form: readonly number[]): boolean =>
    form.every((byte, place) => {
      const unknown = 8 - Math.max(0, Math.min(known - 8 * (at + place), 8));
      return ((cose[at + place] ?? 0) ^ byte) >> unknown === 0;
    });
  if (known >= 8 * whole || whole > MAX_BYTES) return false;
  return agree(0, BEGINNING) && agree(after, middle) && agree(closing, CLOSING);
}

/** Write the head of a byte string, the shortest. */
function headOf(size: number): readonly number[] {
  if (size < 24) return [0x40 + size];
  return size < 256 ? [0x58, size] : [0x59, size >> 8, size & 0xff];
}
