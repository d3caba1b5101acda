import fc from "fast-check";
import type { BootEdit } from "../../provider/boot/boot-edit";
import {
  findHideArgument,
  hideByArgument,
  isHiddenByArgument,
  unhideByArgument,
} from "../../provider/boot/hide-argument";
import {
  findArguments,
  hasArgument,
  readCommandLine,
  withArgument,
  withoutArgument,
} from "../../provider/boot/kernel-command-line";
import type { PciAddress } from "../../provider/pci/address";
import { addresses } from "../pci/arbitrary";
import { kernelArguments } from "./kernel-next-arg";

const NIC = "0000:04:00.0" as PciAddress;

/** Words of real command lines, and pieces that make every kind of trouble. */
const words = fc.oneof(
  fc.constantFrom(
    "quiet",
    "ro",
    "root=UUID=6c61",
    "console=ttyS0,115200",
    "single",
    "crashkernel=auto",
    "rd.lvm.lv=vg/root",
  ),
  fc.constantFrom(
    'dyndbg="file a.c +p"',
    '"a b=c d"',
    'foo="',
    '"',
    "=",
    "=x=y",
    'a=b"c d"e',
    'x=""',
    '""',
    "a==b",
    "--",
    "-- ",
  ),
  fc.constantFrom(
    "xen-pciback.hide=",
    "xen_pciback.permissive",
    "xen-pciback.hide=(05:00.0)",
    'xen-pciback.hide="(06:00.*)"',
  ),
);
const spaces = fc.constantFrom(" ", "  ", "\t", " \t ");
export const commandLines = fc
  .tuple(fc.constantFrom("", " "), fc.array(fc.tuple(words, spaces), { maxLength: 6 }), fc.boolean())
  .map(([lead, some, trim]) => {
    const line = lead + some.map(([word, space]) => word + space).join("");
    return trim ? line.trim() : line;
  });

describe("readCommandLine", () => {
  test.each([
    [
      "quiet root=/dev/sda1",
      [
        ["quiet", undefined],
        ["root", "/dev/sda1"],
      ],
    ],
    [
      'dyndbg="file a.c +p" x',
      [
        ["dyndbg", "file a.c +p"],
        ["x", undefined],
      ],
    ],
    [
      '"a b=c d" x',
      [
        ["a b", "c d"],
        ["x", undefined],
      ],
    ],
    ["a -- b", [["a", undefined]]],
    ["a=--", [["a", "--"]]],
  ])("reads %j", (line, expected) => {
    expect(readCommandLine(line).map((argument) => [argument.name, argument.value])).toEqual(expected);
  });

  test("reads any line as the kernel does", () => {
    const any = fc.oneof(commandLines, fc.stringMatching(/^[a=" -]{0,14}$/));
    fc.assert(
      fc.property(any, (line) => {
        expect(readCommandLine(line).map((argument) => [argument.name, argument.value])).toEqual(kernelArguments(line));
      }),
      { numRuns: 1000 },
    );
  });

  test("each word stands at the position that it reports", () => {
    fc.assert(
      fc.property(commandLines, (line) =>
        readCommandLine(line).every(
          (argument) =>
            line.slice(argument.start, argument.end) === argument.text &&
            (argument.value === undefined || line.slice(argument.valueStart, argument.valueEnd) === argument.value),
        ),
      ),
    );
  });
});

test("a name with dashes equals the one with underscores", () => {
  expect(findArguments("xen_pciback.hide=(04:00.0)", "xen-pciback.hide")).toHaveLength(1);
});

describe("withArgument", () => {
  test.each([
    ["", "intel_iommu=on"],
    ["quiet", "quiet intel_iommu=on"],
    ["quiet -- single", "quiet intel_iommu=on -- single"],
    ["-- single", "intel_iommu=on -- single"],
    ["intel_iommu=on quiet", "intel_iommu=on quiet"],
  ])("turns %j into %j", (before, after) => {
    expect(withArgument("intel_iommu=on")(before)).toEqual({ kind: "edited", text: after });
  });

  test("refuses a line whose quotation mark is never closed", () => {
    expect(withArgument("x")('foo="a b').kind).toBe("error");
  });

  test("puts the argument last on any line, leaves the others alone, and restores every byte when it is removed", () => {
    fc.assert(
      fc.property(commandLines, (line) => {
        fc.pre(!hasArgument(line, "intel_iommu=on"));
        const added = withArgument("intel_iommu=on")(line);
        fc.pre(added.kind === "edited");
        const text = textOf(added);
        expect(kernelArguments(text)).toEqual([...kernelArguments(line), ["intel_iommu", "on"]]);
        expect(textOf(withoutArgument("intel_iommu=on")(text))).toBe(line);
      }),
      { numRuns: 700 },
    );
  });
});

describe("a hide list", () => {
  test.each([
    ["quiet", "quiet xen-pciback.hide=(0000:04:00.0)"],
    ["xen-pciback.hide=(05:00.0) quiet", "xen-pciback.hide=(05:00.0)(0000:04:00.0) quiet"],
    ['xen_pciback.hide="(05:00.0)" quiet', 'xen_pciback.hide="(05:00.0)(0000:04:00.0)" quiet'],
    ["xen-pciback.hide=(04:00.0)", "xen-pciback.hide=(04:00.0)"],
    ["xen-pciback.hide= quiet", "xen-pciback.hide= quiet xen-pciback.hide=(0000:04:00.0)"],
  ])("turns %j into %j", (before, after) => {
    expect(hideByArgument("xen-pciback.hide", NIC)(before)).toEqual({ kind: "edited", text: after });
  });

  test.each([
    [
      "two of them",
      "xen-pciback.hide=(05:00.0) xen-pciback.hide=(06:00.0)",
      "xen-pciback.hide=(05:00.0) and xen-pciback.hide=(06:00.0)",
    ],
    [
      "one that an empty one behind it puts out of force",
      "xen-pciback.hide=(05:00.0) xen_pciback.hide=",
      "uses only the last one",
    ],
    ["one that the kernel rejects", "xen-pciback.hide=(05:00.0),(06:00.0)", "does not accept"],
  ])("leaves alone what it cannot edit: %s", (_, line, why) => {
    expect(hideByArgument("xen-pciback.hide", NIC)(line)).toEqual({
      kind: "error",
      reason: expect.stringContaining(why),
    });
    expect(isHiddenByArgument(line, "xen-pciback.hide", "0000:05:00.0" as PciAddress)).toBe(false);
  });

  test("hides the functions on any line, and restores every byte whatever the order of removal", () => {
    const some = fc.uniqueArray(addresses({ maxSegment: 1, maxBus: 3 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(commandLines, some, fc.boolean(), (line, hidden, backwards) => {
        const found = findHideArgument(line, "xen-pciback.hide");
        fc.pre(found.kind !== "error" && withArgument("x-y")(line).kind === "edited");
        let text = line;
        for (const address of hidden) text = textOf(hideByArgument("xen-pciback.hide", address)(text));
        for (const address of hidden) expect(isHiddenByArgument(text, "xen-pciback.hide", address)).toBe(true);
        const others = (text: string) => kernelArguments(text).filter(([name]) => !/^xen.pciback.hide$/.test(name));
        expect(others(text)).toEqual(others(line));
        for (const address of backwards ? [...hidden].reverse() : hidden) {
          text = textOf(unhideByArgument("xen-pciback.hide", address)(text));
        }
        expect(text).toBe(line);
      }),
      { numRuns: 700 },
    );
  });
});

function textOf(edit: BootEdit): string {
  if (edit.kind === "error") throw new Error(edit.reason);
  return edit.text;
}
