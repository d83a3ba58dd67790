/**
 * The bytes of a PDF around its seal: traces, range, hole.
 *
 * - one seal of the kind that the town makes, over the whole file: several, other kinds, a file that
 *   goes on behind it, an encrypted one are told and judged by the command;
 * - the hole, which no signature covers, holds the CMS in one writing of hexadecimal and zeros.
 */
import { DerError, first, isCanonical, type Element } from "./der.ts";

/** A file with traces of a seal. `trouble` is why nothing more is read of it, null where all is. */
export interface SealedFile {
  readonly trouble: string | null;
  readonly text: string;
  readonly hole: readonly [number, number];
  readonly cms: Element | null;
}

const TRACES = /\/ByteRange|\/ETSI\.CAdES\.detached|\/ETSI\.RFC3161|\/adbe\.(?:pkcs7|x509)/g;
const RANGE = /\/ByteRange[\t\n\r ]*\[[\t\n\r ]*(\d{1,10})[\t\n\r ]+(\d{1,10})[\t\n\r ]+(\d{1,10})[\t\n\r ]+(\d{1,10})[\t\n\r ]*\]/;
const MAX_HOLE = 4_000_000;

/** Read what surrounds the seal of a PDF; null where there is no trace of one. */
export function readSealed(pdf: Uint8Array<ArrayBuffer>): SealedFile | null {
  const text = new TextDecoder("latin1").decode(pdf);
  const traces = [...text.matchAll(TRACES)].map(([found]) => found);
  if (traces.length === 0) return null;
  const told = { text, hole: [0, 0] as const, cms: null };
  const trouble = kindOf(traces, text);
  if (trouble !== null) return { ...told, trouble };
  const hole = holeOf(text);
  return typeof hole === "string" ? { ...told, trouble: hole } : { ...told, hole, ...cmsIn(text.slice(...hole)) };
}

/** Give the place of the hole, or why there is none. */
function holeOf(text: string): readonly [number, number] | string {
  const [, start, length = 0, second = 0, rest = 0] = RANGE.exec(text)?.map(Number) ?? [];
  if (start !== 0 || second <= length) return "pdf-structure-unreadable";
  // Another end of the range, or none of the file's.
  if (second + rest !== text.length) return "later-revision-unread";
  const before = text.slice(Math.max(0, length - 20), length);
  return /\/Contents[\t\n\r ]*$/.test(before) ? [length, second] : "pdf-structure-unreadable";
}

function kindOf(traces: readonly string[], text: string): string | null {
  const ranges = traces.filter((one) => one === "/ByteRange").length;
  const ours = traces.filter((one) => one === "/ETSI.CAdES.detached").length;
  if (ranges > 1 || ours > 1 || traces.includes("/ETSI.RFC3161")) return "several-seals-unread";
  if (ours === 0 && traces.length > ranges) return "not-a-pades-seal";
  if (ranges + ours !== 2) return "seal-out-of-reach";
  if (text.includes("/XRefStm")) return "mixed-tables-unread";
  return /\/Encrypt(?![A-Za-z])/.test(text) ? "encrypted-unread" : null;
}

type Held = Pick<SealedFile, "trouble" | "cms">;

function cmsIn(written: string): Held {
  const digits = written.slice(1, -1);
  const whole = written.startsWith("<") && written.endsWith(">") && digits.length <= MAX_HOLE;
  if (!whole || digits.length % 2 !== 0 || /[^0-9A-Fa-f]/.test(digits)) return wrong("contents-not-hexadecimal");
  if (/[a-f]/.test(digits) && /[A-F]/.test(digits)) return wrong("contents-mixed-case");
  try {
    return cmsOf(bytesOf(digits));
  } catch (problem) {
    if (problem instanceof DerError) return wrong("contents-not-cms");
    throw problem;
  }
}

function cmsOf(bytes: Uint8Array<ArrayBuffer>): Held {
  const cms = first(bytes);
  if (bytes.subarray(cms.encoded.length).some((byte) => byte !== 0)) return wrong("contents-padding-not-zero");
  return isCanonical(cms) ? { trouble: null, cms } : wrong("contents-not-canonical");
}

function bytesOf(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: digits.length / 2 }, (_, place) => parseInt(digits.slice(2 * place, 2 * place + 2), 16));
}

function wrong(trouble: string): Held {
  return { trouble, cms: null };
}
