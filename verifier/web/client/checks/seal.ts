/**
 * The seal of a PDF, as far as a browser can say it: a part of `verifier/checks/seal/pades.py`.
 *
 * - proved here: not one byte changed, the signature, its certificate, a chain to an authority of the
 *   lists, revocation, the time-stamps' own signatures. Not here: level, chains of time-stamps, what
 *   came after the seal, letters taken back: the full report is the command's, or the server's;
 * - stricter than the command, never laxer: what passes here passes there, what fails here fails
 *   there (`tests/support/seal_twins.py`); everything else concludes nothing;
 * - no clock: `now` is given.
 */
import type { SealAuthority, TrustList } from "../trust/trust_list.ts";
import { digested } from "../seal/algorithms.ts";
import { COMMON_NAME, ORGANISATION, parseCertificate, signedBy, type Certificate } from "../seal/certificate.ts";
import { CmsError, DATA, parseSignedData, signatureHolds, type SignedData } from "../seal/cms.ts";
import { DerError, same } from "../seal/der.ts";
import { readSealed, type SealedFile } from "../seal/file.ts";
import { checkStamps } from "../seal/stamps.ts";
import { leadsToSeal } from "../seal/structure.ts";
import { failed, passed, unsure, type Check } from "../verdict.ts";

/** The seal and its answer. `signer` is told only where the signature holds under a chained key. */
export interface SealVerdict {
  readonly checks: readonly Check[];
  readonly signer: string | null;
  readonly test: boolean;
}

const DIGITAL_SIGNATURE = 0;
const NON_REPUDIATION = 1;
const STATUS_LISTS = "2.25.185017663146192515599386393866032801087";
/** Time-stamps, OCSP, TLS, programs, routers, lists of letters taken back: a key in other hands. */
const OTHER_PURPOSES = new Set([...["8", "9", "1", "3", "30"].map((last) => `1.3.6.1.5.5.7.3.${last}`), STATUS_LISTS]);

interface Chained {
  readonly authority: SealAuthority;
  readonly certificate: Certificate;
}

/** Check the seal of a PDF; null where the file bears no trace of one. */
export async function checkSeal(pdf: Uint8Array<ArrayBuffer>, trust: TrustList, now: Date): Promise<SealVerdict | null> {
  const file = readSealed(pdf);
  if (file === null) return null;
  const told = { signer: null, test: trust.isTest };
  if (file.trouble !== null || file.cms === null) return { ...told, checks: [formless(file.trouble ?? "contents-not-cms")] };
  let data: SignedData;
  let holds: boolean;
  try {
    data = await parseSignedData(file.cms, DATA);
    holds = await signatureHolds(data);
  } catch (problem) {
    if (!(problem instanceof CmsError)) throw problem;
    return { ...told, checks: [formless(problem.reason)] };
  }
  const authorities = authoritiesOf(trust);
  const chained = await authorityOf(data.signer, authorities);
  const checks = [
    passed("seal.structure", "pades-seal"),
    await integrity(pdf, file, data, holds),
    signature(holds),
    carried(data, authorities),
    chain(chained),
    ...(chained === null ? [] : certificate(data.signer, chained.authority, now)),
    ...(await checkStamps(data, authorities.map((one) => one.certificate))),
  ];
  return { ...told, checks, signer: holds && chained !== null ? nameOf(data.signer) : null };
}

function formless(reason: string): Check {
  const sub = reason.startsWith("contents") || reason.includes("disagree") ? "SIG_CONSTRAINTS_FAILURE" : "FORMAT_FAILURE";
  return unsure("seal.structure", reason, sub);
}

async function integrity(pdf: Uint8Array<ArrayBuffer>, file: SealedFile, data: SignedData, holds: boolean): Promise<Check> {
  const [start, end] = file.hole;
  const covered = new Uint8Array(pdf.length - (end - start));
  covered.set(pdf.subarray(0, start));
  covered.set(pdf.subarray(end), start);
  if (same(await digested(data.digest, covered), data.messageDigest)) return passed("seal.integrity", "content-unchanged");
  if (holds && leadsToSeal(file.text, start)) return failed("seal.integrity", "content-changed", "HASH_FAILURE");
  // The change may have struck what leads to the seal: others read this file otherwise, or not.
  return unsure("seal.integrity", "content-or-structure-changed", "FORMAT_FAILURE");
}

function signature(holds: boolean): Check {
  if (holds) return passed("seal.signature", "signature-verified");
  // Damage to what is signed beside the content looks the same: not red where others read otherwise.
  return unsure("seal.signature", "seal-signature-false", "SIG_CONSTRAINTS_FAILURE");
}

function carried(data: SignedData, authorities: readonly Chained[]): Check {
  const known = [data.signer, ...authorities.map((one) => one.certificate)];
  if (data.certificates.every((one) => known.some((other) => same(one.der, other.der)))) {
    return passed("seal.certificates", "certificates-belong-together");
  }
  return unsure("seal.certificates", "foreign-certificate-carried", "SIG_CONSTRAINTS_FAILURE");
}

function authoritiesOf(trust: TrustList): readonly Chained[] {
  return trust.sealAuthorities.flatMap((authority) => {
    try {
      return [{ authority, certificate: parseCertificate(authority.der) }];
    } catch (problem) {
      // One that this page cannot read vouches for nobody here.
      if (problem instanceof DerError) return [];
      throw problem;
    }
  });
}

async function authorityOf(signer: Certificate, authorities: readonly Chained[]): Promise<Chained | null> {
  for (const one of authorities) {
    if (one.authority.usable && (await signedBy(signer, one.certificate))) return one;
  }
  return null;
}

function chain(chained: Chained | null): Check {
  if (chained !== null) return passed("seal.chain", "issuer-trusted");
  return unsure("seal.chain", "issuer-not-trusted", "NO_CERTIFICATE_CHAIN_FOUND");
}

function certificate(signer: Certificate, authority: SealAuthority, now: Date): Check[] {
  const checks = [purpose(signer)];
  const own = authority.revokedSerials.get(signer.serialHex) ?? authority.revoked;
  if (own !== null) checks.push(failed("seal.revocation", "revoked", "REVOKED", own));
  checks.push(list(authority, now), dates(signer, authority, now));
  return checks;
}

function purpose(signer: Certificate): Check {
  const { usages, purposes, isAuthority } = signer;
  const signs = usages?.has(DIGITAL_SIGNATURE) === true || usages?.has(NON_REPUDIATION) === true;
  const other = purposes?.every((one) => OTHER_PURPOSES.has(one)) === true;
  if (!signs || isAuthority || other) return unsure("seal.purpose", "certificate-for-something-else", "CHAIN_CONSTRAINTS_FAILURE");
  return passed("seal.purpose", purposes === null ? "purpose-unrestricted" : "purpose-allows-sealing");
}

function list(authority: SealAuthority, now: Date): Check {
  const ends = [authority.listGoodUntil, authority.issuedGoodUntil];
  if (ends.includes(null)) return unsure("seal.revocation-list", "no-list", "TRY_LATER");
  // Written so that a date that cannot be read passes nothing.
  const inForce = ends.every((end) => now.getTime() <= Date.parse(end ?? ""));
  return inForce ? passed("seal.revocation-list", "list-in-force") : unsure("seal.revocation-list", "list-too-old", "TRY_LATER");
}

function dates(signer: Certificate, authority: SealAuthority, now: Date): Check {
  const at = now.getTime();
  const firsts = [signer.first, Date.parse(authority.first)];
  const lasts = [signer.last, Date.parse(authority.last)];
  if (firsts.every((one) => one <= at) && lasts.every((one) => at <= one)) return passed("seal.dates", "certificate-in-force");
  return unsure("seal.dates", "certificate-out-of-date", "OUT_OF_BOUNDS_NO_POE");
}

function nameOf(signer: Certificate): string {
  const [organisation, common] = [signer.names.get(ORGANISATION), signer.names.get(COMMON_NAME) ?? ""];
  return organisation === undefined ? common : `${common}, ${organisation}`;
}
