/**
 * What `xe <class>-list` prints (xen-api, ocaml/xapi-cli-server/cli_printer.ml and cli_operations.ml, 1.60 to 26.1): a
 * record is a block of `name ( RO): value` lines, the first not indented, the others indented, followed by two empty
 * lines. Values are not escaped, so a name-label may span lines.
 */

/** A record of xe: field name -> value. */
export type XeRecord = ReadonlyMap<string, string>;

// Normal fields, sets and maps, each read-only or not (print_field).
const FIELD = /^( *)([A-Za-z][\w-]*) \(( R|SR|MR)[OW]\)(?: \[DEPRECATED\])? *: (.*)$/;

/**
 * Reads records that begin with the field `uuid`. `fields` names the fields to read, in the order in which xe prints
 * them: a line that looks like an earlier field, or like one that is not named, is part of the value before it.
 */
export function readXeRecords(text: string, fields: readonly string[]): readonly XeRecord[] {
  const records: Map<string, string>[] = [];
  let next = 0;
  let last: string | undefined;
  for (const line of text.split("\n")) {
    const [, indent = "", name = "", , value = ""] = FIELD.exec(line) ?? [];
    if (name === "uuid" && indent === "" && isUuid(value)) {
      records.push(new Map([["uuid", value]]));
      [next, last] = [1, "uuid"];
      continue;
    }
    const record = records.at(-1);
    const index = indent === "" ? -1 : fields.indexOf(name, next);
    if (!record || last === undefined) continue;
    if (index >= 0) {
      record.set(name, value);
      [next, last] = [index + 1, name];
    } else {
      record.set(last, `${record.get(last)}\n${line}`);
    }
  }
  // The empty lines after a record were read as part of its last value.
  for (const record of records) for (const [name, value] of record) record.set(name, value.replace(/\n+$/, ""));
  return records;
}

/**
 * The uuid in a field that refers to another object; undefined for `<not in database>` (records.ml: a null reference).
 */
export function readXeReference(value: string | undefined): string | undefined {
  return value !== undefined && isUuid(value) ? value : undefined;
}

/**
 * Whether a map, printed as `key: value; key: value`, may have the key. It need not, since a value can hold such text
 * too.
 */
export function mayHaveKey(map: string, key: string): boolean {
  return `; ${map}`.includes(`; ${key}: `);
}

/** Whether the text is a uuid in its usual form with dashes. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
