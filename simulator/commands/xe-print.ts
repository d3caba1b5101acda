/** One field of a record as xe knows it (xen-api, ocaml/xapi-cli-server/records.ml). */
export interface XeField {
  readonly name: string;
  readonly access: "RO" | "RW" | "SRO" | "SRW" | "MRO" | "MRW";
  readonly value: string;
  /** What `param-set` does with a new value. */
  readonly set?: (value: string) => void;
  /** Of a map field. */
  readonly map?: Map<string, string>;
}

/** What `xe` prints of one object, field by field. */
export type XeRecord = readonly XeField[];

/** multi_line_record of cli_printer.ml; print_endline adds one of the two empty lines behind it. */
export function printRecord(record: XeRecord): string {
  const names = record.map((field) => `${field.name} (${field.access.padStart(3)})`);
  const width = 4 + Math.max(0, ...names.map((name) => name.length));
  const lines = record.map((field, index) => {
    const name = names[index] ?? "";
    return `${index === 0 ? name.padEnd(width) : name.padStart(width)}: ${field.value}\n`;
  });
  return `${lines.join("")}\n\n`;
}

/** `--minimal`: the first field of each record. An empty answer is an empty line. */
export function printMinimal(values: readonly string[]): string {
  return `${values.map((value) => value.replace(/[,\\]/g, "\\$&")).join(",")}\n`;
}

/** A map as text: record_util.ml, s2sm_to_string. */
export function mapText(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, value]) => `${key}: ${value}`).join("; ");
}
