/**
 * What a 2D-Doc may say: twin of `sealing/twoddoc/catalogue.py`, on the same two tables.
 *
 * An entry that is not found is an answer (`undefined`), never an error: tables lag the
 * specification every year.
 */
import identifierTable from "../../../../sealing/twoddoc/data_identifiers.json" with { type: "json" };
import typeTable from "../../../../sealing/twoddoc/doc_types.json" with { type: "json" };

export const PERIMETER = "01";

/** One identifier. Lengths count characters; `max` is null where unbounded. */
export interface DataIdentifier {
  readonly di: string;
  readonly fr: string | null;
  readonly en: string | null;
  readonly min: number;
  readonly max: number | null;
  readonly fixed: boolean;
  readonly kind: string;
  readonly charset: string | null;
}

/** One document type, with the identifiers that it asks, allows and forbids. */
export interface DocType {
  readonly code: string;
  readonly fr: string;
  readonly en: string;
  readonly issue_date: string;
  readonly mandatory: readonly string[];
  readonly one_of: readonly (readonly string[])[];
  readonly optional: readonly string[];
  readonly optional_groups: readonly string[];
  readonly table_known: boolean;
  readonly reading_strict: boolean;
}

const IDENTIFIERS: ReadonlyMap<string, DataIdentifier> = new Map(
  identifierTable.identifiers.map((row) => [row.di, row]),
);
const TYPES: ReadonlyMap<string, DocType> = new Map(typeTable.types.map((row) => [row.code, row]));

/** Give an identifier of perimeter 01. */
export function identifier(di: string): DataIdentifier | undefined {
  return IDENTIFIERS.get(di);
}

/** Give a type; version 02 has no perimeter: its types are those of 01. */
export function docType(code: string, perimeter: string | null): DocType | undefined {
  return perimeter === null || perimeter === PERIMETER ? TYPES.get(code) : undefined;
}

/** Tell whether the type's table lets this identifier in. */
export function allows(type: DocType, di: string): boolean {
  if (!type.table_known || /^0[1-9A-D]$/.test(di)) return true;
  const listed = [...type.mandatory, ...type.optional, ...type.one_of.flat()];
  return listed.includes(di) || type.optional_groups.some((start) => di.startsWith(start));
}
