import fc from "fast-check";
import { mayHaveKey, readXeRecords, readXeReference } from "../../provider/facts/xe-output";
import { printRecord, type XeRecord } from "../../simulator/commands/xe-print";

// Made by xe's own printer (xen-api, cli_printer.ml).
const LISTED = `uuid ( RO)                   : 11111111-1111-1111-1111-111111111111
              name-label ( RW): web01
             power-state ( RO): running
            other-config (MRW): pci: 0/0000:04:00.0; note: a: b


uuid ( RO)                   : 22222222-2222-2222-2222-222222222222
              name-label ( RW): 
             power-state ( RO): halted
            other-config (MRW): 


`;
const FIELDS = ["uuid", "name-label", "power-state", "other-config"];

test("records and their fields, empty ones too", () => {
  expect(readXeRecords(LISTED, FIELDS).map((record) => [...record.values()])).toEqual([
    ["11111111-1111-1111-1111-111111111111", "web01", "running", "pci: 0/0000:04:00.0; note: a: b"],
    ["22222222-2222-2222-2222-222222222222", "", "halted", ""],
  ]);
  expect(readXeRecords("", FIELDS)).toEqual([]);
});

test("what xe prints is read back, whatever a name-label holds", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "a\nb",
      "uuid ( RO): x",
      " uuid ( RO): y\nz",
      "name-label ( RW): n",
      "x\n   name-label ( RW): m",
      "é: ; ,",
    ),
  );
  // A name may end in empty lines that nobody sees; a line of it must not be a later field of the record to the letter.
  const names = hostile.filter((name) => !/\n$|^\s*(power-state|other-config) \(/m.test(name));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.uuid(), names), { maxLength: 4 }), (machines) => {
      const printed = machines.map(([uuid, name]) => {
        const record: XeRecord = [
          { name: "uuid", access: "RO", value: uuid },
          { name: "name-label", access: "RW", value: name },
          { name: "power-state", access: "RO", value: "halted" },
        ];
        return printRecord(record);
      });
      const read = readXeRecords(printed.join(""), FIELDS);
      expect(read.map((record) => [record.get("uuid"), record.get("name-label"), record.get("power-state")])).toEqual(
        machines.map(([uuid, name]) => [uuid, name, "halted"]),
      );
    }),
  );
});

test("a reference that names nothing", () => {
  expect(readXeReference("<not in database>")).toBeUndefined();
  expect(readXeReference("22222222-2222-2222-2222-222222222222")).toBe("22222222-2222-2222-2222-222222222222");
});

test.each([
  ["pci: 0/0000:04:00.0", true],
  ["a: b; pci: 0/0000:04:00.0", true],
  ["a: b; pci: ", true],
  ["vga-pci: x", false],
  ["", false],
])("a map %j may have the key pci: %s", (map, has) => {
  expect(mayHaveKey(map, "pci")).toBe(has);
});
