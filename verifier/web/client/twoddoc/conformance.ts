/** A code against the table of its type: twin of the reading half of `sealing/twoddoc/conformance.py`. */
import { allows, docType, identifier, PERIMETER, type DocType } from "./catalogue.ts";
import type { Field, Finding } from "./fields.ts";
import type { Header } from "./header.ts";
import { daysDecode } from "./values.ts";

const EXPIRY = "08";

/** Give what is odd about the header by itself. */
export function headerFindings(header: Header): Finding[] {
  const codes: string[] = [];
  if (header.version < 4) codes.push("version-withdrawn");
  if (header.issueDate !== null && header.issueDate > header.signatureDate) codes.push("issued-after-signed");
  // Its numbers of perimeters and types are others than those of our table.
  if (header.form === "binary") codes.push("unknown-type");
  else if (header.perimeter !== null && header.perimeter !== PERIMETER) codes.push("unknown-perimeter");
  else if (docType(header.docType, header.perimeter) === undefined) codes.push("unknown-type");
  return codes.map((code) => ({ code, di: null }));
}

/** Give the departures from the table of the type; nothing for a type without a table. */
export function typeFindings(header: Header, present: ReadonlySet<string>): Finding[] {
  const type = docType(header.docType, header.perimeter);
  if (type === undefined) return [];
  const findings: Finding[] = missing(type, present).map((di) => ({ code: "missing-mandatory", di }));
  for (const di of [...present].sort()) {
    if (identifier(di) !== undefined && !allows(type, di)) findings.push({ code: "forbidden-di", di });
  }
  if (type.issue_date === "required" && header.issueDate === null) {
    findings.push({ code: "issue-date-missing", di: null });
  }
  if (type.issue_date === "absent" && header.issueDate !== null) {
    findings.push({ code: "issue-date-forbidden", di: null });
  }
  return findings;
}

/** Give what is odd on a given day (ISO): signed in the future, document expired (08). */
export function datedFindings(header: Header, fields: readonly Field[], today: string): Finding[] {
  const findings: Finding[] = [];
  if (header.signatureDate > today) findings.push({ code: "signed-in-future", di: null });
  for (const field of fields) {
    const expiry = field.di === EXPIRY ? daysDecode(field.raw) : null;
    if (typeof expiry === "string" && expiry < today) {
      findings.push({ code: "expired-document", di: field.di });
    }
  }
  return findings;
}

function missing(type: DocType, present: ReadonlySet<string>): string[] {
  const absent = type.mandatory.filter((di) => !present.has(di));
  const whole = type.one_of.some((group) => group.every((di) => present.has(di)));
  if (type.one_of.length > 0 && !whole) absent.push(type.one_of.map((group) => group.join("+")).join("|"));
  return absent;
}
