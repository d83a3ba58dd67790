/**
 * The time-stamps over a seal: about this seal, and their signature true. Their authority is not
 * asked here, so a time-stamp proves no hour: one that was touched takes the answer away.
 */
import { passed, unsure, type Check } from "../verdict.ts";
import { digested, digestOf } from "./algorithms.ts";
import { signedBy, type Certificate } from "./certificate.ts";
import { CmsError, parseSignedData, signatureHolds, STAMP_INFO, type SignedData } from "./cms.ts";
import { content, DerError, hex, members, only, same, TAG, type Element } from "./der.ts";

const NAME = "time-stamp";

/** Check each time-stamp of a seal. */
export async function checkStamps(seal: SignedData, authorities: readonly Certificate[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const stamp of seal.stamps) {
    try {
      checks.push(await checkStamp(stamp, seal, authorities));
    } catch (problem) {
      if (!(problem instanceof CmsError || problem instanceof DerError)) throw problem;
      checks.push(unsure(NAME, "time-stamp-unreadable", "SIG_CONSTRAINTS_FAILURE"));
    }
  }
  return checks;
}

async function checkStamp(stamp: Element, seal: SignedData, authorities: readonly Certificate[]): Promise<Check> {
  const data = await parseSignedData(stamp, STAMP_INFO);
  const told = data.enclosed ?? new Uint8Array();
  const [version, , imprint] = members(only(told), TAG.sequence);
  const [algorithm, hashed] = members(imprint, TAG.sequence);
  const about = same(content(hashed, TAG.octets), await digested(digestOf(algorithm), seal.signature));
  const whole = same(await digested(data.digest, told), data.messageDigest);
  if (hex(content(version, TAG.integer)) !== "01" || !about || !whole || !(await signatureHolds(data))) {
    return unsure(NAME, "time-stamp-broken", "SIG_CONSTRAINTS_FAILURE");
  }
  for (const one of data.certificates) {
    if (!(await belongs(one, authorities))) return unsure(NAME, "foreign-certificate-carried", "SIG_CONSTRAINTS_FAILURE");
  }
  return passed(NAME, "time-stamp-of-this-seal");
}

/** A carried certificate is one of the authorities', or one that they signed. */
async function belongs(certificate: Certificate, authorities: readonly Certificate[]): Promise<boolean> {
  for (const one of authorities) if (same(certificate.der, one.der) || (await signedBy(certificate, one))) return true;
  return false;
}
