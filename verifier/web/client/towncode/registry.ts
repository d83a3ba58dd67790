/** The registered types and labels of the town code: twin of `sealing/towncode/registry.py`, same table. */
import table from "../../../../sealing/towncode/registry.json" with { type: "json" };

/** One registered label; `kind` is `text` or `date`. */
export interface Label {
  readonly label: number;
  readonly field: string;
  readonly fr: string;
  readonly en: string;
  readonly kind: string;
}

/** One registered type of document. */
export interface TownType {
  readonly type: number;
  readonly fr: string;
  readonly en: string;
}

const LABELS: ReadonlyMap<number, Label> = new Map(table.labels.map((row) => [row.label, row]));
const TYPES: ReadonlyMap<number, TownType> = new Map(table.types.map((row) => [row.type, row]));
const NUMBERS: ReadonlyMap<string, number> = new Map(
  table.labels.flatMap((row) => [row.field, row.fr, row.en].map((name): [string, number] => [folded(name), row.label])),
);

/** Give a registered label; undefined for a number of later, or a text. */
export function labelOf(label: number | string): Label | undefined {
  return typeof label === "number" ? LABELS.get(label) : undefined;
}

/** Give a registered type; undefined for a number of later, or a text. */
export function typeOf(type: number | string): TownType | undefined {
  return typeof type === "number" ? TYPES.get(type) : undefined;
}

/** Give what two labels must not have in common: the number, whatever way it is told. */
export function meaningOf(label: number | string): number | string {
  return typeof label === "string" ? (NUMBERS.get(folded(label)) ?? label) : label;
}

function folded(name: string): string {
  const bare = name.replace(/\u2019/g, "'").toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  return bare.trim().replace(/\s+/g, " ");
}
