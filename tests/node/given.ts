/**
 * What the tests are told: vectors, the shared facts, certificates as the rows of a trust list.
 *
 * Node reads it here. In Chromium `browser/given.ts` stands in its place, with the same value.
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import type { OurFile, Row, Sample, SharedCode, Seals, SharedTownCode, TownVector, Twins } from "./facts.ts";

/** Plain values only: it travels to the browser as JSON. Null is what is absent. */
export interface Given {
  readonly ours: OurFile;
  readonly town: { readonly codes: readonly TownVector[]; readonly seal: Row };
  readonly shared: { readonly codes: readonly SharedCode[]; readonly trust: SharedTrust; readonly samples: readonly Sample[] } | null;
  readonly sharedTown: { readonly vectors: readonly SharedTownCode[]; readonly seal: Row } | null;
  readonly twins: Twins | null;
  readonly seals: Seals | null;
}

interface SharedTrust {
  readonly authorities: readonly string[];
  readonly rows: readonly Row[];
}

const ROOT = process.env["COFFRE_ROOT"] ?? ".";
const DATA = join(process.env["COFFRE_SHARED"] ?? join(ROOT, "../shared"), "data");
const TWINS = process.env["COFFRE_TWINS"];
const SEALS = process.env["COFFRE_SEALS"];
const CURVES: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

function json(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf-8"));
}

function days(certificate: X509Certificate): { first: string; last: string } {
  const day = (text: string): string => new Date(text).toISOString().slice(0, 10);
  return { first: day(certificate.validFrom), last: day(certificate.validTo) };
}

function keyOf(certificate: X509Certificate): Row | null {
  const curve = CURVES[certificate.publicKey.asymmetricKeyDetails?.namedCurve ?? ""];
  const spki = certificate.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  return curve === undefined ? null : { curve, spki };
}

function sealOf(pem: string): Row {
  const certificate = new X509Certificate(pem);
  const thumbprint = certificate.fingerprint256.replace(/:/g, "").slice(0, 16);
  return { thumbprint, ...days(certificate), key: keyOf(certificate) };
}

/** Read every shared certificate; the authorities' keys are tried by Node. */
function sharedTrust(): SharedTrust {
  const folder = join(DATA, "twoddoc/certs");
  const names = readdirSync(folder).filter((name) => name.endsWith(".pem") && !name.endsWith(".key.pem"));
  const read = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, name)));
  const authorities = new Map(
    names.filter((name) => name.length === 8).map((name) => [basename(name, ".pem"), read(name)]),
  );
  const rows = names.filter((name) => name.length > 8).map((name) => {
    const [ca, cert] = basename(name, ".pem").split("_");
    const leaf = read(name);
    const authority = authorities.get(ca ?? "");
    const chained = authority !== undefined && leaf.verify(authority.publicKey);
    return { ca, cert, ...days(leaf), key: keyOf(leaf), authority: chained ? days(authority) : null };
  });
  return { authorities: [...authorities.keys()], rows };
}

function shared(): Given["shared"] {
  if (!existsSync(join(DATA, "twoddoc/vectors.json"))) return null;
  const codes = (json(DATA, "twoddoc/vectors.json") as SharedCode[]).map((code) => ({
    ...code,
    raw: code.raw_with_binary_signature_latin1 ?? code.raw,
  }));
  const samples = json(DATA, "twoddoc/samples/expected.json") as Sample[];
  return { codes, trust: sharedTrust(), samples };
}

function sharedTown(): Given["sharedTown"] {
  if (!existsSync(join(DATA, "towncode/vectors.json"))) return null;
  const told = json(DATA, "towncode/vectors.json") as { certificate: string; vectors: SharedTownCode[] };
  return { vectors: told.vectors, seal: sealOf(readFileSync(join(DATA, "towncode", told.certificate), "utf-8")) };
}

function town(): Given["town"] {
  const told = json(ROOT, "tests/vectors/towncode.json") as { certificate_pem: string; codes: TownVector[] };
  return { codes: told.codes, seal: sealOf(told.certificate_pem) };
}

export const GIVEN: Given = {
  ours: json(ROOT, "tests/vectors/twoddoc.json") as OurFile,
  town: town(),
  shared: shared(),
  sharedTown: sharedTown(),
  twins: TWINS === undefined ? null : (json(TWINS) as Twins),
  seals: SEALS === undefined ? null : (json(SEALS) as Seals),
};
