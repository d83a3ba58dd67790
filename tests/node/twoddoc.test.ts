/** The browser's 2D-Doc reader on the vectors that pytest reads. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { gathered, pastedSymbols } from "../../verifier/web/client/checks/sets.ts";
import { checkSymbols, checkTwoDDoc } from "../../verifier/web/client/checks/twoddoc.ts";
import { findingText, isTruncated } from "../../verifier/web/client/twoddoc/fields.ts";
import { TwoDDocError } from "../../verifier/web/client/twoddoc/header.ts";
import { latin1, parse, parseSet } from "../../verifier/web/client/twoddoc/message.ts";
import { PartMissingError } from "../../verifier/web/client/twoddoc/parts.ts";
import { base32Decode, decode } from "../../verifier/web/client/twoddoc/values.ts";
import { conclude } from "../../verifier/web/client/verdict.ts";
import { OURS, row, SHARED, sharedTrust, symbol, trustOf } from "./facts.ts";

const GOOD = OURS.codes.find((code) => code.name === "town-00")?.raw ?? "";
const NOW = new Date("2026-11-21T12:00:00Z");
const TRUST = trustOf([row("FR00", "TEST"), row("FR00", "0AB01")]);
const CONFORMANCE = new Set([
  ...["unknown-di", "duplicate-di", "missing-mandatory", "forbidden-di"],
  ...["issue-date-missing", "issue-date-forbidden"],
]);

for (const code of OURS.codes.filter((one) => one.signature !== undefined)) {
  test(`${code.name}: ${code.why}`, async () => {
    const read = parse(symbol(code.raw));
    assert.deepEqual(read.fields.map((field) => [field.di, field.raw, isTruncated(field)]), code.fields);
    assert.deepEqual(read.findings.map(findingText), code.findings);
    assert.equal(read.annex?.raw ?? null, code.annex ?? null);
    const found = await checkTwoDDoc(symbol(code.raw), TRUST, NOW);
    assert.deepEqual(found.findings, [...(code.findings ?? []), ...(code.dated ?? [])]);
    const signature = found.checks.find((check) => check.id === "twoddoc.signature");
    assert.equal(signature?.indication, code.signature === "valid" ? "TOTAL-PASSED" : "TOTAL-FAILED");
    assert.equal(found.fields.length > 0, code.signature === "valid", "fields are shown once proved");
  });
}

for (const code of OURS.codes.filter((one) => one.error !== undefined)) {
  test(`${code.name}: ${code.why}`, () => {
    const caught = thrown(() => parse(symbol(code.raw)));
    assert.equal(caught.reason, code.error);
    assert.equal(caught.remedy === "scan-again", code.scan_again);
    if (typeof code.repaired_as === "string") {
      const repaired = parse(symbol(code.raw), { repair: true });
      assert.deepEqual(repaired.signed, parse(symbol(code.repaired_as)).signed);
      assert.ok(repaired.findings.map(findingText).includes("repaired-transport"));
    }
  });
}

for (const set of OURS.sets) {
  const symbols = set.symbols.map(symbol);
  test(`set ${set.name}: ${set.why}`, async () => {
    if (set.joined === null) {
      const caught = thrown(() => parseSet(symbols));
      assert.equal(caught.reason, set.error);
      if (caught instanceof PartMissingError) assert.deepEqual(caught.missing, set.missing);
      else assert.equal(set.missing, null);
    } else {
      assert.deepEqual(parseSet(symbols), parse(symbol(set.joined)));
      const alone = await checkTwoDDoc(symbol(set.joined), TRUST, NOW);
      const joined = await checkSymbols(symbols, TRUST, NOW);
      assert.deepEqual({ ...joined, raw: null }, { ...alone, raw: null });
    }
  });
}

test("parts met on several pages are one code, and a whole code stays alone", () => {
  const [set] = OURS.sets;
  const codes = [GOOD, ...(set?.symbols ?? [])].map((raw, place) => ({ page: place + 1, bytes: symbol(raw) }));
  assert.deepEqual(gathered(codes), [
    { page: 1, symbols: [symbol(GOOD)] },
    { page: 2, symbols: set?.symbols.map(symbol) },
  ]);
  assert.deepEqual(pastedSymbols(`${set?.symbols.join("\r\n") ?? ""}\n`), set?.symbols);
  assert.deepEqual(pastedSymbols(`${GOOD}\r\n`), [`${GOOD}\r\n`]);
});

test("bytes that came as characters accuse nobody", async () => {
  for (const name of ["version-01-tampered", "binary-tampered"]) {
    const raw = symbol(OURS.codes.find((code) => code.name === name)?.raw ?? "");
    const pasted = conclude((await checkTwoDDoc(raw, TRUST, NOW, { repair: true })).checks);
    assert.deepEqual([pasted.subIndication, pasted.reason], ["SIGNED_DATA_NOT_FOUND", "bytes-read-as-text"]);
    const scanned = conclude((await checkTwoDDoc(raw, TRUST, NOW)).checks);
    assert.equal(scanned.subIndication, "SIG_CRYPTO_FAILURE");
  }
});

test("what is malformed is false, damaged or unknown", async () => {
  for (const code of OURS.codes.filter((one) => one.error !== undefined && one.error !== "not-2ddoc")) {
    const { subIndication, reason } = conclude((await checkTwoDDoc(symbol(code.raw), TRUST, NOW)).checks);
    const again = code.scan_again === true ? "SIGNED_DATA_NOT_FOUND" : "FORMAT_FAILURE";
    const expected = code.error === "version-unsupported" ? "POLICY_PROCESSING_ERROR" : again;
    assert.deepEqual([reason, subIndication], [code.error, expected], code.name);
  }
});

test("the shared codes are there", { skip: SHARED === null && "set COFFRE_SHARED" }, () => {
  assert.deepEqual([SHARED?.codes.length, SHARED?.samples.length], [87, 63]);
});
for (const code of SHARED?.codes ?? []) {
  test(`${code.name} is read as its author meant: identifiers, values, dates`, () => {
    if (code.expected_test_mode.sub_indication === "FORMAT_FAILURE") {
      assert.equal(thrown(() => parse(symbol(code.raw))).reason, "signature-length");
      return;
    }
    const { header, fields, annex, findings } = parse(symbol(code.raw));
    assert.deepEqual(fields.map((field) => field.di), code.field_order);
    assert.deepEqual(Object.fromEntries(fields.map((field) => [field.di, field.raw])), code.fields);
    assert.deepEqual(fields.filter(isTruncated).map((field) => field.di), code.truncated);
    const { version, docType, perimeter, country, caId, certificateId, issueDate, signatureDate } = header;
    assert.deepEqual(
      [version, docType, perimeter, country, caId, certificateId, issueDate, signatureDate],
      [code.version, code.doc_type, code.perimeter, code.country, code.ca, code.cert, code.issue_date, code.signature_date],
    );
    const said = annex && Object.fromEntries(annex.fields.map((field) => [field.di, field.raw]));
    assert.deepEqual(said, code.annex_fields ?? null);
    const conformance = findings.filter((finding) => CONFORMANCE.has(finding.code)).map(findingText);
    assert.deepEqual(conformance.sort(), [...code.findings].sort());
  });
}
for (const mode of ["test", "production"] as const) {
  const trust = sharedTrust(mode);
  for (const code of SHARED?.codes ?? []) {
    test(`${code.name} is concluded upon as by Python, ${mode}`, async () => {
      const found = await checkTwoDDoc(symbol(code.raw), trust, NOW);
      const { indication, subIndication } = conclude(found.checks);
      const expected = mode === "test" ? code.expected_test_mode : code.expected_production;
      assert.deepEqual({ indication, sub_indication: subIndication }, expected);
      const proved = mode === "test" && code.expected_signature === "valid";
      if (proved) assert.deepEqual(found.fields.map((field) => field.di), code.field_order);
      if (code.expected_signature !== "valid") assert.deepEqual(found.fields, []);
    });
  }
}

const cases: readonly (readonly [string, unknown[], Record<string, unknown>, string, string | null])[] = [
  ["all is well", [row("FR00", "TEST")], {}, "TOTAL-PASSED", null],
  ["issuer of no list", [], {}, "INDETERMINATE", "NO_SIGNING_CERTIFICATE_FOUND"],
  ["directory too old", [], { directory_good_until: "2026-11-20T00:00:00Z" }, "INDETERMINATE", "TRY_LATER"],
  ["test authority in production", [row("FR00", "TEST")], { mode: "production" }, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"],
  ["another authority signed the certificate", [row("FR00", "TEST", { authority: null })], {}, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"],
  ["revoked, whatever the date", [row("FR00", "TEST", { revoked: { at: "2026-11-21", why: "unspecified" } })], {}, "TOTAL-FAILED", "REVOKED"],
  ["authority withdrawn", [row("FR00", "TEST")], { withdrawn: ["FR00"] }, "INDETERMINATE", "REVOKED_CA_NO_POE"],
  ["a key that may not sign 2D-Docs", [row("FR00", "TEST", { key: null })], {}, "INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"],
  ["a certificate for other uses", [row("FR00", "TEST", { key_usage: "key-usage-not-signature" })], {}, "INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE"],
  ["the test authority's list is missing", [row("FR00", "TEST", { list_good_until: null })], {}, "TOTAL-PASSED", null],
  ["revocation list too old", [row("FR00", "TEST", { list_good_until: "2026-11-20T00:00:00Z" })], {}, "INDETERMINATE", "TRY_LATER"],
];
for (const [why, certificates, extra, indication, sub] of cases) {
  test(`trust: ${why}`, async () => {
    const found = await checkTwoDDoc(symbol(GOOD), trustOf(certificates, extra), NOW);
    const conclusion = conclude(found.checks);
    assert.deepEqual([conclusion.indication, conclusion.subIndication], [indication, sub]);
  });
}

test("a signature date in the future concludes nothing", async () => {
  const found = await checkTwoDDoc(symbol(GOOD), trustOf([row("FR00", "TEST")]), new Date("2026-11-18T00:00:00Z"));
  assert.equal(conclude(found.checks).subIndication, "TIMESTAMP_ORDER_FAILURE");
});

test("an altered copy of a good code never passes, whatever byte was changed", async () => {
  const trust = trustOf([row("FR00", "TEST")]);
  const bytes = symbol(GOOD);
  for (let place = 0; place < bytes.length; place += 1) {
    const altered = bytes.slice();
    altered[place] = (altered[place] ?? 0) ^ 1;
    const answer = await checkTwoDDoc(altered, trust, NOW).catch((problem: unknown) => problem);
    if (answer instanceof Error) assert.ok(answer instanceof TwoDDocError, String(place));
    else assert.notEqual(conclude((answer as Awaited<ReturnType<typeof checkTwoDDoc>>).checks).indication, "TOTAL-PASSED");
  }
});

test("every beginning of a good code is refused in our own words", () => {
  for (let length = 0; length < GOOD.length; length += 1) {
    thrown(() => parse(symbol(GOOD.slice(0, length))));
  }
});

test("base32 is strict: case, padding, alphabet, trailing bits, impossible lengths", () => {
  assert.deepEqual(base32Decode("MZXW6YTBOI"), new TextEncoder().encode("foobar"));
  for (const wrong of ["mzxw6", "MZXW6===", "MZXW0", "MZXW1", "A", "AAA", "AAAAAA", "MB", "é"]) {
    assert.equal(base32Decode(wrong), null, wrong);
  }
});

test("values that do not exist keep their text", () => {
  assert.deepEqual(decode("date_ddmmyyyy", "29022024"), { is: "date", iso: "2024-02-29" });
  for (const [kind, text] of [
    ["date_ddmmyyyy", "29022023"],
    ["date_ddmmyyyy", "99999999"],
    ["date_hexdays2000", "FFFF"],
    ["datetime_ddmmyyyyhhmm", "010120242460"],
    ["decimal_comma", "1.5"],
    ["base32_utf8", "77"],
    ["no-such-kind", ""],
  ] as const) {
    assert.equal(decode(kind, text), null, `${kind} ${text}`);
  }
});

test("a pasted text beyond one byte a character is no symbol", () => {
  assert.equal(latin1("DC04€"), null);
});

test("a trust list of another form is our fault, said as such", () => {
  assert.throws(() => trustOf([{}]), TypeError);
  assert.throws(() => trustOf([], { schema_version: 2 }), TypeError);
  assert.throws(() => trustOf([], { mode: "both" }), TypeError);
});

function thrown(act: () => unknown): TwoDDocError {
  try {
    act();
  } catch (problem) {
    assert.ok(problem instanceof TwoDDocError, String(problem));
    return problem;
  }
  return assert.fail("nothing was thrown");
}
