/** What is wrong with a text that should be a town code: twin of `sealing/towncode/errors.py`. */

/** The rule of the format that a text breaks. */
export type Reason =
  | "not-towncode"
  | "too-long"
  | "prefix-case"
  | "cut-short"
  | "base32-invalid"
  | "cbor-not-deterministic"
  | "structure-invalid"
  | "signature-header-invalid"
  | "claims-invalid"
  | "limits-exceeded"
  | "signature-length"
  | "layout-unknown";

/** The text breaks the format. `cut-short` (scan again) and `layout-unknown` (of later) are held against nobody. */
export class TownCodeError extends Error {
  readonly reason: Reason;
  readonly layout: string;

  constructor(reason: Reason, layout = "") {
    super(reason);
    this.reason = reason;
    this.layout = layout;
  }
}
