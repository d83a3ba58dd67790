/**
 * One town code against the trust lists: twin of `verifier/checks/codes/towncode.py`, line by line.
 *
 * Same checks, same names, same reasons, same order. What a code says is text of anybody until its
 * signature is proved: then only do type, values and findings go into the verdict. No clock.
 */
import type { Seal, TrustList } from "../trust/trust_list.ts";
import { TownCodeError } from "../towncode/errors.ts";
import { parse, type ParsedTownCode } from "../towncode/message.ts";
import { typeOf } from "../towncode/registry.ts";
import { VerifiedTownCode, type ShownPair } from "../towncode/signature.ts";
import { failed, passed, unsure, type Check } from "../verdict.ts";
import { validOn } from "./signer.ts";

const DAY_MS = 86_400_000;
const UNTIL = 10;
const DECISIVE = new Set(["duplicate-label", "unknown-label", "unknown-type", "charset"]);
const GOOD_USAGES = new Set(["key-usage-unrestricted", "key-usage-signature"]);
const GOOD_PURPOSES = new Set(["purpose-unrestricted", "purpose-allows-sealing"]);

/** One code and its answer. `fields` and `findings` are there only once proved. */
export interface TownVerdict {
  readonly raw: Uint8Array;
  readonly checks: readonly Check[];
  readonly thumbprint: string | null;
  readonly issuedOn: string | null;
  readonly type: { readonly fr: string; readonly en: string } | null;
  readonly issuer: string | null;
  readonly fields: readonly ShownPair[];
  readonly findings: readonly string[];
  readonly test: boolean;
}

interface Candidate {
  readonly seal: Seal;
  readonly valid: boolean | null;
  readonly proved: VerifiedTownCode | null;
}

/** Check one code; `repair` is for texts typed or pasted. Throws TownCodeError for another text. */
export async function checkTownCode(
  raw: Uint8Array,
  trust: TrustList,
  now: Date,
  options: { readonly repair?: boolean } = {},
): Promise<TownVerdict> {
  const parsed = parsedOrCheck(raw, options);
  if ("indication" in parsed) {
    const nothing = { thumbprint: null, issuedOn: null, type: null, issuer: null, fields: [], findings: [] };
    return { raw, checks: [parsed], ...nothing, test: false };
  }
  const candidate = await best(parsed, trust);
  const issuer = candidate?.seal.chained === true ? candidate.seal.name : null;
  const proved = issuer === null ? null : (candidate?.proved ?? null);
  return {
    raw,
    checks: checksOf(parsed, candidate, proved, now),
    thumbprint: parsed.thumbprint,
    issuedOn: dayOf(parsed),
    issuer,
    test: trust.isTest,
    ...told(parsed, proved, now),
  };
}

/** Give what the code says: nothing but a registered type until it is proved. */
function told(
  parsed: ParsedTownCode,
  proved: VerifiedTownCode | null,
  now: Date,
): Pick<TownVerdict, "type" | "fields" | "findings"> {
  if (proved === null) return { type: typeOf(parsed.docType) ?? null, fields: [], findings: [] };
  return { type: proved.type, fields: proved.fields, findings: [...proved.findings, ...expired(proved, now)] };
}

function parsedOrCheck(raw: Uint8Array, options: { readonly repair?: boolean }): ParsedTownCode | Check {
  try {
    return parse(raw, options);
  } catch (problem) {
    if (!(problem instanceof TownCodeError) || problem.reason === "not-towncode") throw problem;
    return malformed(problem);
  }
}

function malformed(problem: TownCodeError): Check {
  if (problem.reason === "layout-unknown") {
    return unsure("towncode.structure", problem.reason, "POLICY_PROCESSING_ERROR", { layout: problem.layout });
  }
  if (problem.reason === "cut-short") return unsure("towncode.structure", problem.reason, "SIGNED_DATA_NOT_FOUND");
  return failed("towncode.structure", problem.reason, "FORMAT_FAILURE");
}

/** Give the certificate of the thumbprint that fits best: chained, then proving. */
async function best(parsed: ParsedTownCode, trust: TrustList): Promise<Candidate | null> {
  const seals = trust.seals.get(parsed.thumbprint) ?? [];
  const found = await Promise.all(seals.map((seal) => tried(parsed, seal)));
  const rank = (one: Candidate): number => Number(one.seal.chained) * 2 + Number(one.valid === true);
  return found.reduce<Candidate | null>((top, one) => (top === null || rank(one) > rank(top) ? one : top), null);
}

async function tried(parsed: ParsedTownCode, seal: Seal): Promise<Candidate> {
  if (seal.key === null) return { seal, valid: null, proved: null };
  const proved = await VerifiedTownCode.verify(parsed, seal.key);
  return { seal, valid: proved !== null, proved };
}

function checksOf(
  parsed: ParsedTownCode,
  candidate: Candidate | null,
  proved: VerifiedTownCode | null,
  now: Date,
): Check[] {
  const checks = [passed("towncode.structure", "well-formed")];
  if (candidate === null) {
    const named = { certificate: parsed.thumbprint };
    checks.push(unsure("towncode.issuer", "seal-not-listed", "NO_SIGNING_CERTIFICATE_FOUND", named));
  } else {
    checks.push(passed("towncode.issuer", "issuer-listed"), chain(candidate.seal));
    if (candidate.seal.chained) checks.push(...certificate(candidate, dayOf(parsed), now));
  }
  checks.push(time(parsed, now));
  if (proved !== null) checks.push(content(proved));
  return checks;
}

function chain(seal: Seal): Check {
  if (seal.pinned) return passed("towncode.chain", "test-certificate-without-authority");
  if (seal.chained) return passed("towncode.chain", "chain-verified");
  return unsure("towncode.chain", "authority-not-listed", "NO_CERTIFICATE_CHAIN_FOUND");
}

function certificate({ seal, valid }: Candidate, day: string, now: Date): Check[] {
  const checks: Check[] = [];
  if (valid !== null) checks.push(signature(valid));
  if (seal.revoked !== null) checks.push(failed("towncode.revocation", "revoked", "REVOKED", seal.revoked));
  checks.push(dates(seal, day), keyUsage(seal, valid), purpose(seal), revocationList(seal, now));
  return checks;
}

function signature(valid: boolean): Check {
  if (valid) return passed("towncode.signature", "signature-verified");
  return failed("towncode.signature", "signature-invalid", "SIG_CRYPTO_FAILURE");
}

function dates(seal: Seal, day: string): Check {
  const holders = seal.authority === null ? [seal] : [seal, seal.authority];
  if (holders.every((holder) => validOn(holder, day))) return passed("towncode.dates", "valid-on-signature-date");
  if (seal.pinned) return passed("towncode.dates", "test-authority-dates-not-applied");
  if (holders.some((holder) => day < holder.first)) {
    return failed("towncode.dates", "signed-before-certificate", "NOT_YET_VALID");
  }
  return unsure("towncode.dates", "signed-after-certificate", "EXPIRED");
}

function keyUsage(seal: Seal, valid: boolean | null): Check {
  if (valid === null) return unsure("towncode.key", "key-not-allowed", "CHAIN_CONSTRAINTS_FAILURE");
  if (GOOD_USAGES.has(seal.keyUsage)) return passed("towncode.key", seal.keyUsage);
  return unsure("towncode.key", seal.keyUsage, "CHAIN_CONSTRAINTS_FAILURE");
}

function purpose(seal: Seal): Check {
  if (GOOD_PURPOSES.has(seal.purpose)) return passed("towncode.purpose", seal.purpose);
  return unsure("towncode.purpose", seal.purpose, "CHAIN_CONSTRAINTS_FAILURE");
}

function revocationList(seal: Seal, now: Date): Check {
  const { listGoodUntil, revoked } = seal;
  if (revoked === null && listGoodUntil === null) {
    if (seal.pinned) return passed("towncode.revocation-list", "test-authority-without-list");
    return unsure("towncode.revocation-list", "no-list", "TRY_LATER");
  }
  if (revoked === null && listGoodUntil !== null && now.getTime() > Date.parse(listGoodUntil)) {
    return unsure("towncode.revocation-list", "list-too-old", "TRY_LATER");
  }
  return passed("towncode.revocation-list", "list-in-force");
}

function time(parsed: ParsedTownCode, now: Date): Check {
  if (parsed.issuedAt * 1000 > now.getTime() + DAY_MS) {
    return unsure("towncode.time", "signed-in-future", "TIMESTAMP_ORDER_FAILURE", { signed: dayOf(parsed) });
  }
  return passed("towncode.time", "signed-in-the-past");
}

function content(proved: VerifiedTownCode): Check {
  const decisive = proved.findings.filter((finding) => DECISIVE.has(finding.split(":", 1)[0] ?? ""));
  if (decisive.length === 0) return passed("towncode.content", "content-clear");
  return unsure("towncode.content", "content-unclear", "SIG_CONSTRAINTS_FAILURE", { findings: decisive.join(" ") });
}

function expired(proved: VerifiedTownCode, now: Date): string[] {
  const today = now.toISOString().slice(0, 10);
  // A month or a year ends with its last day: as texts, 2026-11 is past once 2026-12 begins.
  const past = proved.fields.filter((one) => one.label === UNTIL && one.raw < today.slice(0, one.raw.length));
  return past.map(() => `expired-document:${UNTIL}`);
}

function dayOf(parsed: ParsedTownCode): string {
  return new Date(parsed.issuedAt * 1000).toISOString().slice(0, 10);
}
