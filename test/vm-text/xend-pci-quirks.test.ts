import fc from "fast-check";
import { parseSxp } from "../../provider/vm-text/sxp";
import { addQuirks, parseConfigSpaceField, quirksOf, removeQuirks } from "../../provider/vm-text/xend-pci-quirks";

const NIC = { id: "8086:10d3", subsystem: "8086:a01f" };
const CARD = { id: "14e4:1644", subsystem: "1028:00d1" };
const FIELDS = ["000000e0:2:00000000"];

// In the form of the file that Xen 4.1 installs (xen, tools/examples/xend-pci-quirks.sxp).
const SHIPPED = `# -*- sh -*-
(tg3
    (pci_ids
        # Entries are formated as follows:  <vendor>:<device>[:<subvendor>:<subdevice>]
        ('14e4:1644'   # a NIC
         '14e4:1645:FFFF:FFFF')
    )
    (pci_config_space_fields
        # <register>:<size>:<mask>
        ('0000004C:4:00000000'   # GRC Misc Config
         '00000078:4:00000000')
    )
)
`;

test.each([
  ["000000e0:2:00000000", "000000e0:2:00000000"],
  ["E0:2:0", "000000e0:2:00000000"],
  ["fff:1:FFFFFFFF", "00000fff:1:ffffffff"],
  ["1000:1:0", undefined],
  ["e0:3:0", undefined],
  ["e0:2", undefined],
  ["0xe0:2:0", undefined],
  ["e0:2:0\n", undefined],
  ["", undefined],
])("%j is the field %s", (text, expected) => {
  expect(parseConfigSpaceField(text)).toBe(expected);
});

test("the fields come from the first node that names the device", () => {
  expect(quirksOf(SHIPPED, CARD)).toEqual(["0000004c:4:00000000", "00000078:4:00000000"]);
  expect(quirksOf(`${SHIPPED}(more (pci_ids ('14e4:1644')) (pci_config_space_fields ('e0:1:0')))`, CARD)).toHaveLength(
    2,
  );
  expect(quirksOf(SHIPPED, NIC)).toBeUndefined();
  expect(quirksOf("(bare (pci_ids ('8086:10d3')))", NIC)).toEqual([]);
  expect(quirksOf("(open (pci_ids ('8086:10d3'", NIC)).toBeUndefined();
});

test("a device gets its own line", () => {
  const line =
    "(quirks_8086_10d3_8086_a01f (pci_ids ('8086:10d3:8086:a01f')) (pci_config_space_fields ('000000e0:2:00000000')))\n";
  expect(addQuirks(SHIPPED, NIC, FIELDS)).toEqual({ kind: "edited", text: SHIPPED + line, addition: "node" });
  expect(addQuirks("# end", NIC, FIELDS)).toEqual({ kind: "edited", text: `# end\n${line}`, addition: "line" });
  expect(addQuirks(undefined, NIC, FIELDS)).toEqual({ kind: "edited", text: line, addition: "file" });
  expect(addQuirks("(open", NIC, FIELDS)).toMatchObject({ kind: "error" });
});

const part = fc.constantFrom(SHIPPED, "\n", "# a comment (\n", "(other (a 'b c'))\n", " ", "\t(x ())", "(empty)");
const file = fc.option(
  fc.array(part).map((parts) => parts.join("")),
  { nil: undefined },
);
const field = fc
  .tuple(fc.integer({ min: 0, max: 0xfff }), fc.constantFrom(1, 2, 4))
  .map(([register, size]) => `${register.toString(16).padStart(8, "0")}:${size}:00000000`);

test("for any file, exactly the added device is found, and the removal restores every byte", () => {
  fc.assert(
    fc.property(file, fc.array(field, { minLength: 1 }), fc.boolean(), (text, fields, inOrder) => {
      fc.pre(text === undefined || parseSxp(text) !== undefined);
      const other = { ...NIC, subsystem: "15d9:060a" };
      const first = addQuirks(text, NIC, fields);
      if (first.kind === "error") throw new Error(first.reason);
      const second = addQuirks(first.text, other, FIELDS);
      if (second.kind === "error") throw new Error(second.reason);
      expect(quirksOf(second.text, NIC)).toEqual(fields);
      expect(quirksOf(second.text, CARD)).toEqual(quirksOf(text ?? "", CARD));
      const removals = [
        [NIC, fields],
        [other, FIELDS],
      ] as const;
      let taken: string | undefined = second.text;
      for (const [device, some] of inOrder ? removals : [...removals].reverse()) {
        taken = removeQuirks(taken ?? "", device, some, first.addition);
      }
      expect(taken).toBe(text);
    }),
  );
});
