import fc from "fast-check";
import { parseSxp } from "../../provider/vm-text/sxp";
import { addPermissive, isPermissive, removePermissive } from "../../provider/vm-text/xend-pci-permissive";

const NIC = { id: "8086:10d3", subsystem: "8086:a01f" };
const CARD = { id: "14e4:1644", subsystem: "1028:00d1" };

// What Xen 4.1 installs, without its head of comments (xen, tools/examples/xend-pci-permissive.sxp).
const SHIPPED = `##########
# Example: Appending to an existing list
#
# (unconstrained_dev_ids
#     ('XXXX:XXXX:XXXX:XXXX'	# existing entry
# )
##########
(unconstrained_dev_ids
     #('0123:4567:89AB:CDEF')
)
`;

test("the file that Xen installs gets a list", () => {
  const edit = addPermissive(SHIPPED, NIC);
  expect(edit).toEqual({
    kind: "edited",
    text: SHIPPED.replace("\n(unconstrained_dev_ids\n", "\n(unconstrained_dev_ids ('8086:10d3:8086:a01f')\n"),
    addition: "list",
  });
});

test("an entry is added behind the last one, before its comment", () => {
  const text = `(unconstrained_dev_ids\n  ('14e4:1644:FFFF:FFFF' # Tigon\n   '14e4:1645'\t# its sister\n  ))\n`;
  const edit = addPermissive(text, NIC);
  expect(edit).toMatchObject({ text: text.replace("'14e4:1645'", "'14e4:1645' '8086:10d3:8086:a01f'") });
});

test.each([
  ["(unconstrained_dev_ids ('8086:10d3'))", true],
  ["(unconstrained_dev_ids ('8086:10d3:8086:a01f'))", true],
  ["(unconstrained_dev_ids ('8086:10d3:FFFF:ffff'))", true],
  ["(unconstrained_dev_ids ('8086:10d3:8086:0000'))", false],
  ["(unconstrained_dev_ids ('8086:10D3'))", false],
  ["(unconstrained_dev_ids ('8086:10d3:8086') ('8086:10d3'))", false],
  ["(unconstrained_dev_ids ('8086:10d3:8086' '8086:10d3'))", false],
  ["(unconstrained_dev_ids '8086:10d3')", false],
  ["(unconstrained_dev_ids () ('8086:10d3'))", false],
  [SHIPPED, false],
  ["(unconstrained_dev_ids ('8086:10d3'", false],
])("%s makes the device permissive: %s", (text, expected) => {
  expect(isPermissive(text, NIC)).toBe(expected);
});

test("a file that xend cannot read is not edited", () => {
  expect(addPermissive("(unconstrained_dev_ids ('8086:10d3'", NIC)).toMatchObject({ kind: "error" });
  expect(addPermissive("(unconstrained_dev_ids '8086:10d3')", NIC)).toMatchObject({ kind: "error" });
});

const blank = fc.constantFrom("", " ", "\n", "\n     #('0123:4567')\n", "\t# it's ) a comment\n  ");
const ids = fc
  .array(fc.tuple(fc.constantFrom("'10de:11b4'", '"10de:0e0b:FFFF:FFFF"', "10de:1234"), blank))
  .map((all) => all.map(([id, gap]) => id + (gap === "" ? " " : gap)).join(""));
const node = fc
  .tuple(blank, fc.option(fc.tuple(blank, ids)), blank)
  .map(([a, list, b]) => `(unconstrained_dev_ids${a === "" ? " " : a}${list ? `(${list[0]}${list[1]})` : ""}${b})`);
const file = fc
  .tuple(blank, fc.option(node), fc.constantFrom("", "\n", "\n# end", "\n(other (a b))\n"))
  .map(([head, some, tail]) => `${head}${some ?? ""}${tail}`);

test.each([
  ["the same", (list: (typeof NIC)[]) => list],
  ["the opposite", (list: (typeof NIC)[]) => [...list].reverse()],
])(
  "of any file: what was added makes permissive and nothing else; taken back in %s order it is the same bytes",
  (_, order) => {
    fc.assert(
      fc.property(fc.option(file, { nil: undefined }), (text) => {
        fc.pre(text === undefined || parseSxp(text) !== undefined);
        const first = addPermissive(text, NIC);
        const second = first.kind === "edited" ? addPermissive(first.text, CARD) : first;
        if (first.kind === "error" || second.kind === "error") throw new Error("not editable");
        expect([NIC, CARD].map((device) => isPermissive(second.text, device))).toEqual([true, true]);
        let left: string | undefined = second.text;
        for (const device of order([NIC, CARD])) left = removePermissive(left ?? "", device, first.addition);
        expect(left).toBe(text);
      }),
    );
  },
);
