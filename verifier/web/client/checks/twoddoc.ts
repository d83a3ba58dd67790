/**
 * One 2D-Doc against the trust lists: twin of `verifier/checks/codes/twoddoc.py`, line by line.
 *
 * Same checks, same names, same reasons, same order: the first that did not pass gives the verdict.
 * In test mode the dates of FR00 and the absence of its list are reported, not applied. Fields are
 * shown only when the signature verifies under a chained certificate. No clock: `now` is given.
 */
import { isTestAuthority, type TrustList } from "../trust/trust_list.ts";
import { docType } from "../twoddoc/catalogue.ts";
import { datedFindings } from "../twoddoc/conformance.ts";
import { findingText, type Field, type Finding } from "../twoddoc/fields.ts";
import { NotTwoDDocError, TwoDDocError, type Header } from "../twoddoc/header.ts";
import { madeOfBytes, parse, parseSet, textOf, type ParsedMessage, type Reading } from "../twoddoc/message.ts";
import { PartMissingError } from "../twoddoc/parts.ts";
import type { ShownField, VerifiedMessage } from "../twoddoc/signature.ts";
import { failed, passed, unsure, type Check } from "../verdict.ts";
import { bestCandidate, Outcome, validOn, type Candidate } from "./signer.ts";

const DAY_MS = 86_400_000;
const ALWAYS_DECISIVE = new Set(["duplicate-di", "unknown-di", "unknown-type", "unknown-perimeter"]);
const DECISIVE_WHEN_STRICT = new Set([
  "missing-mandatory",
  "forbidden-di",
  "issue-date-missing",
  "issue-date-forbidden",
]);
/** How a code that does not survive as characters begins. */
const MADE_OF_BYTES = /^(DC01|\xdc|\xee)/;
const GOOD_USAGES = new Set(["key-usage-unrestricted", "key-usage-signature"]);

/** One code and its answer. `fields` are there only once proved; `annex` is proved by nothing. */
export interface CodeVerdict {
  readonly raw: Uint8Array;
  readonly checks: readonly Check[];
  readonly header: Header | null;
  readonly issuer: string | null;
  readonly fields: readonly ShownField[];
  readonly annex: readonly Field[];
  readonly findings: readonly string[];
  readonly test: boolean;
}

interface Case {
  readonly raw: Uint8Array;
  readonly pasted: boolean;
  readonly parsed: ParsedMessage;
  readonly trust: TrustList;
  readonly now: Date;
  readonly candidate: Candidate | null;
  readonly lenient: boolean;
}

/**
 * Check one code; `repair` is for texts typed or pasted.
 *
 * Throws NotTwoDDocError when this is no 2D-Doc at all: there is then no verdict to give.
 */
export function checkTwoDDoc(
  raw: Uint8Array,
  trust: TrustList,
  now: Date,
  options: Reading = {},
): Promise<CodeVerdict> {
  return checkSymbols([raw], trust, now, options);
}

/** Check one code, of one symbol or the parts of it that were found; else as `checkTwoDDoc`. */
export async function checkSymbols(
  symbols: readonly Uint8Array[],
  trust: TrustList,
  now: Date,
  options: Reading = {},
): Promise<CodeVerdict> {
  const raw = Uint8Array.from(symbols.flatMap((symbol) => [...symbol]));
  const pasted = options.repair === true;
  let parsed: ParsedMessage;
  try {
    parsed = symbols.length === 1 ? parse(raw, options) : parseSet(symbols, options);
  } catch (problem) {
    if (problem instanceof NotTwoDDocError || !(problem instanceof TwoDDocError)) throw problem;
    const nothing = { header: null, issuer: null, fields: [], annex: [], findings: [], test: false };
    const mangled = pasted && MADE_OF_BYTES.test(textOf(raw.subarray(0, 4)));
    return { raw, checks: [malformed(problem, mangled)], ...nothing };
  }
  const candidate = await bestCandidate(parsed, trust);
  const lenient = trust.isTest && isTestAuthority(parsed.header.caId);
  const one: Case = { raw, pasted, parsed, trust, now, candidate, lenient };
  return verdictOf(one, candidate?.chained === true ? candidate.proved : null);
}

/** Say what stops the reading; `mangled`: bytes that came as characters. */
function malformed(problem: TwoDDocError, mangled: boolean): Check {
  const details: Record<string, string> = {};
  if (problem.offset !== null) details["offset"] = String(problem.offset);
  if (problem.remedy === "other-tool") {
    return unsure("twoddoc.structure", problem.reason, "POLICY_PROCESSING_ERROR");
  }
  if (problem instanceof PartMissingError) {
    const missing = { parts: problem.missing.join(" "), count: String(problem.count) };
    return unsure("twoddoc.structure", "set-incomplete", "SIGNED_DATA_NOT_FOUND", missing);
  }
  if (problem.remedy === "one-document") return unsure("twoddoc.structure", "set-mismatch", "FORMAT_FAILURE");
  if (mangled || problem.remedy === "scan-again") {
    return unsure("twoddoc.structure", problem.reason, "SIGNED_DATA_NOT_FOUND", details);
  }
  return failed("twoddoc.structure", problem.reason, "FORMAT_FAILURE", details);
}

function checksOf(one: Case): Check[] {
  const checks = [structure(one)];
  const { candidate } = one;
  if (candidate === null) checks.push(issuerUnknown(one));
  else {
    checks.push(passed("twoddoc.issuer", "issuer-listed"), chain(candidate));
    if (candidate.chained) checks.push(...certificate(one, candidate));
  }
  checks.push(time(one), content(one.parsed));
  return checks;
}

function structure(one: Case): Check {
  if (one.candidate?.outcome === Outcome.wrongLength) {
    return failed("twoddoc.structure", "signature-length", "FORMAT_FAILURE");
  }
  return passed("twoddoc.structure", "well-formed");
}

function issuerUnknown(one: Case): Check {
  const { caId, certificateId } = one.parsed.header;
  const named = { ca: caId, certificate: certificateId };
  if (isTestAuthority(caId) && !one.trust.isTest) {
    return unsure("twoddoc.chain", "test-authority-outside-test-mode", "NO_CERTIFICATE_CHAIN_FOUND", named);
  }
  if (isPast(one.trust.directoryGoodUntil, one.now)) {
    return unsure("twoddoc.issuer", "directory-too-old", "TRY_LATER", named);
  }
  return unsure("twoddoc.issuer", "issuer-not-listed", "NO_SIGNING_CERTIFICATE_FOUND", named);
}

function chain(candidate: Candidate): Check {
  if (candidate.leaf.authority !== null) return passed("twoddoc.chain", "chain-verified");
  if (candidate.chained) return passed("twoddoc.chain", "test-certificate-without-authority");
  return unsure("twoddoc.chain", "not-signed-by-its-authority", "NO_CERTIFICATE_CHAIN_FOUND");
}

function certificate(one: Case, candidate: Candidate): Check[] {
  const { leaf, outcome } = candidate;
  const checks: Check[] = [];
  if (outcome === Outcome.valid || outcome === Outcome.invalid) checks.push(signature(one, candidate));
  if (leaf.revoked !== null) checks.push(failed("twoddoc.revocation", "revoked", "REVOKED", leaf.revoked));
  if (one.trust.withdrawn.has(one.parsed.header.caId)) {
    checks.push(unsure("twoddoc.authority", "authority-withdrawn", "REVOKED_CA_NO_POE"));
  }
  checks.push(dates(one, candidate), keyUsage(candidate), revocationList(one, candidate));
  return checks;
}

function signature(one: Case, candidate: Candidate): Check {
  if (candidate.outcome === Outcome.valid) return passed("twoddoc.signature", "signature-verified");
  if (one.pasted && madeOfBytes(one.parsed)) {
    return unsure("twoddoc.signature", "bytes-read-as-text", "SIGNED_DATA_NOT_FOUND");
  }
  const text = textOf(one.raw);
  const repaired = one.parsed.findings.some((finding) => finding.code === "repaired-transport");
  if (repaired && !text.includes("\x1f") && !text.includes("<US>")) {
    // Where the signature begins was guessed: only the symbol can tell forged from mistaken.
    return unsure("twoddoc.signature", "repaired-and-not-proved", "SIGNED_DATA_NOT_FOUND");
  }
  return failed("twoddoc.signature", "signature-invalid", "SIG_CRYPTO_FAILURE");
}

function dates(one: Case, candidate: Candidate): Check {
  const { leaf } = candidate;
  const day = one.parsed.header.signatureDate;
  const holders = leaf.authority === null ? [leaf] : [leaf, leaf.authority];
  if (holders.every((holder) => validOn(holder, day))) {
    return passed("twoddoc.dates", "valid-on-signature-date");
  }
  if (one.lenient) return passed("twoddoc.dates", "test-authority-dates-not-applied");
  if (holders.some((holder) => day < holder.first)) {
    return failed("twoddoc.dates", "signed-before-certificate", "NOT_YET_VALID");
  }
  return unsure("twoddoc.dates", "signed-after-certificate", "EXPIRED");
}

function keyUsage(candidate: Candidate): Check {
  if (candidate.outcome === Outcome.wrongKey) {
    return unsure("twoddoc.key", "key-not-allowed", "CHAIN_CONSTRAINTS_FAILURE");
  }
  const { keyUsage: reason } = candidate.leaf;
  if (GOOD_USAGES.has(reason)) return passed("twoddoc.key", reason);
  return unsure("twoddoc.key", reason, "CHAIN_CONSTRAINTS_FAILURE");
}

function revocationList(one: Case, candidate: Candidate): Check {
  const { listGoodUntil, revoked } = candidate.leaf;
  if (revoked === null && listGoodUntil === null) {
    if (one.lenient) return passed("twoddoc.revocation-list", "test-authority-without-list");
    return unsure("twoddoc.revocation-list", "no-list", "TRY_LATER");
  }
  if (revoked === null && isPast(listGoodUntil, one.now)) {
    return unsure("twoddoc.revocation-list", "list-too-old", "TRY_LATER");
  }
  return passed("twoddoc.revocation-list", "list-in-force");
}

function time(one: Case): Check {
  const signed = one.parsed.header.signatureDate;
  const tomorrow = new Date(one.now.getTime() + DAY_MS).toISOString().slice(0, 10);
  if (signed > tomorrow) {
    return unsure("twoddoc.time", "signed-in-future", "TIMESTAMP_ORDER_FAILURE", { signed });
  }
  return passed("twoddoc.time", "signed-in-the-past");
}

function content(parsed: ParsedMessage): Check {
  const decisive = parsed.findings.filter((finding) => weighs(parsed, finding)).map(findingText);
  if (decisive.length === 0) return passed("twoddoc.content", "content-conforms");
  const details = { findings: decisive.join(" ") };
  return unsure("twoddoc.content", "content-against-type", "SIG_CONSTRAINTS_FAILURE", details);
}

/** Tell whether a finding changes the verdict; only proved tables may weigh. */
function weighs(parsed: ParsedMessage, finding: Finding): boolean {
  if (ALWAYS_DECISIVE.has(finding.code)) return true;
  const type = docType(parsed.header.docType, parsed.header.perimeter);
  const strict = type?.reading_strict === true && parsed.header.version === 4;
  return strict && DECISIVE_WHEN_STRICT.has(finding.code);
}

function verdictOf(one: Case, proved: VerifiedMessage | null): CodeVerdict {
  const { parsed, candidate } = one;
  const dated = datedFindings(parsed.header, parsed.fields, one.now.toISOString().slice(0, 10));
  return {
    raw: one.raw,
    checks: checksOf(one),
    header: parsed.header,
    issuer: candidate?.chained === true ? candidate.leaf.name : null,
    fields: proved?.fields ?? [],
    annex: annexOf(parsed),
    findings: [...parsed.findings, ...dated].map(findingText),
    test: isTestAuthority(parsed.header.caId),
  };
}

/** Give what follows the signature; what cannot be cut into fields stands as it is. */
function annexOf(parsed: ParsedMessage): readonly Field[] {
  const { annex } = parsed;
  if (annex === null) return [];
  return annex.raw !== "" && annex.fields.length === 0 ? [{ di: "", raw: annex.raw, end: "" }] : annex.fields;
}

function isPast(moment: string | null, now: Date): boolean {
  return moment !== null && now.getTime() > Date.parse(moment);
}
