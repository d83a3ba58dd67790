/**
 * The value of one field, from text: twin of `sealing/twoddoc/values.py` (reading side).
 *
 * - base32 is canonical: upper case, no `=`, no stray trailing bit; anything else is refused;
 * - a text that is not a value of its kind gives null: the reader keeps the raw text;
 * - dates without a zone stay so: the issuer's own clock.
 */

export type Value =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "number"; readonly text: string }
  | { readonly is: "flag"; readonly flag: boolean }
  | { readonly is: "date"; readonly iso: string }
  | { readonly is: "moment"; readonly iso: string }
  | { readonly is: "clock"; readonly iso: string }
  | { readonly is: "period"; readonly first: string; readonly last: string };

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DAY_MS = 86_400_000;
const EPOCH = Date.UTC(2000, 0, 1);

/** Read canonical base32; null on case, padding, alphabet, impossible length, trailing bits. */
export function base32Decode(text: string): Uint8Array<ArrayBuffer> | null {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let count = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[count++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return bits >= 5 || held !== 0 ? null : out;
}

/** Read a header date: four upper-case hexadecimal digits. `undefined` is FFFF, null is no date. */
export function daysDecode(text: string): string | null | undefined {
  if (!/^[0-9A-F]{4}$/.test(text)) return null;
  if (text === "FFFF") return undefined;
  return new Date(EPOCH + Number.parseInt(text, 16) * DAY_MS).toISOString().slice(0, 10);
}

/** Give the typed value of a field's text; null when it is not one of its kind. */
export function decode(kind: string, text: string): Value | null {
  const reader = READERS[kind];
  return reader === undefined ? null : reader(text);
}

function day(text: string): string | null {
  const found = /^(\d\d)(\d\d)(\d{4})$/.exec(text);
  if (found === null) return null;
  const iso = `${found[3]}-${found[2]}-${found[1]}`;
  const real = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(real.getTime()) && real.toISOString().startsWith(iso);
  return exists && found[3] !== "0000" ? iso : null;
}

function clock(text: string): string | null {
  const found = /^([01]\d|2[0-3])([0-5]\d)([0-5]\d)?$/.exec(text);
  return found === null ? null : `${found[1]}:${found[2]}:${found[3] ?? "00"}`;
}

function matching(pattern: RegExp, is: "text" | "number" = "text"): (text: string) => Value | null {
  return (text) => (pattern.test(text) ? { is, text } : null);
}

function dated(text: string): Value | null {
  const iso = day(text);
  return iso === null ? null : { is: "date", iso };
}

function moment(length: number): (text: string) => Value | null {
  return (text) => {
    const date = day(text.slice(0, 8));
    const time = clock(text.slice(8));
    const whole = text.length === length && date !== null && time !== null;
    return whole ? { is: "moment", iso: `${date}T${time}` } : null;
  };
}

function timed(length: number): (text: string) => Value | null {
  return (text) => {
    const iso = text.length === length ? clock(text) : null;
    return iso === null ? null : { is: "clock", iso };
  };
}

function period(text: string): Value | null {
  const first = day(`01${text.slice(0, 6)}`);
  const last = day(`01${text.slice(6)}`);
  if (first === null || last === null) return null;
  return { is: "period", first: first.slice(0, 7), last: last.slice(0, 7) };
}

function address(text: string): Value | null {
  const bytes = base32Decode(text);
  if (bytes === null) return null;
  try {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { is: "text", text: strict.decode(bytes) };
  } catch {
    return null;
  }
}

function amount(text: string): Value | null {
  return /^-?\d+(,\d+)?$/.test(text) ? { is: "number", text: text.replace(",", ".") } : null;
}

function headerDays(text: string): Value | null {
  const iso = daysDecode(text);
  return iso === null || iso === undefined ? null : { is: "date", iso };
}

const READERS: Readonly<Record<string, (text: string) => Value | null>> = {
  text: (text) => ({ is: "text", text }),
  digits: matching(/^\d*$/),
  numeric: matching(/^\d*$/),
  digits_zero_padded: matching(/^\d*$/),
  digits_slash: matching(/^[\d/]*$/),
  digits_or_spaces: matching(/^[\d ]*$/),
  decimal_comma: amount,
  decimal_or_signed_integer: amount,
  hex_integer: (text) =>
    /^[0-9A-F]+$/.test(text) ? { is: "number", text: BigInt(`0x${text}`).toString() } : null,
  base36_digit: (text) =>
    /^[0-9A-Z]$/.test(text) ? { is: "number", text: String(Number.parseInt(text, 36)) } : null,
  bool01: (text) => (/^[01]$/.test(text) ? { is: "flag", flag: text === "1" } : null),
  date_ddmmyyyy: dated,
  date_hexdays2000: headerDays,
  datetime_ddmmyyyyhhmm: moment(12),
  time: moment(14),
  time_hhmm: timed(4),
  time_hhmmss: timed(6),
  period_mmyyyymmyyyy: period,
  year_yyyy: matching(/^\d{4}$/),
  base32_utf8: address,
};
