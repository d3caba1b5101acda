import fc from "fast-check";
import {
  addToModprobeConf,
  hideOptions,
  otherInstallLine,
  removeFromModprobeConf,
} from "../../provider/boot/modprobe-conf";
import type { PciAddress } from "../../provider/pci/address";
import { hides } from "../../provider/pci/hide-list";
import { addresses } from "../pci/arbitrary";

const NIC = "0000:09:00.0" as PciAddress;

// Red Hat Enterprise Linux 5, Virtualization Guide, 15.5.
const GUIDE = `install bnx2 /sbin/modprobe pciback; /sbin/modprobe --first-time --ignore-install bnx2
options pciback hide=(0000:09:00.0)(0000:0a:04.1)
`;

test("the lines of the Red Hat guide are understood, and more devices join its list", () => {
  expect(hideOptions(GUIDE).at(-1)?.list).toHaveLength(2);
  expect(otherInstallLine(GUIDE, "bnx2")).toBeUndefined();
  expect(addToModprobeConf(GUIDE, "0000:09:00.1" as PciAddress, "bnx2")).toBe(
    GUIDE.replace("04.1)", "04.1)(0000:09:00.1)"),
  );
});

test("a file without them gets both lines of the guide", () => {
  expect(addToModprobeConf("alias eth0 bnx2\n", NIC, "bnx2")).toBe(`alias eth0 bnx2
options pciback hide=(0000:09:00.0)
install bnx2 /sbin/modprobe pciback; /sbin/modprobe --first-time --ignore-install bnx2
`);
});

test("a foreign install line is reported, and a name with - equals the one with _", () => {
  const text = "install snd-hda_intel /sbin/modprobe --ignore-install snd-hda-intel && true\n";
  expect(otherInstallLine(text, "snd_hda_intel")).toBe(text.trimEnd());
});

const line = fc.oneof(
  fc.constantFrom(
    "alias eth0 e1000e",
    "# options pciback hide=(0000:01:00.0)",
    "",
    "options loop max_loop=64 ",
    "\r",
    "  ",
  ),
  fc
    .array(addresses({ maxBus: 3, maxSegment: 0 }), { maxLength: 2 })
    .map((list) => `options  pciback verbose=1 hide=${list.map((address) => `(${address})`).join("")}`),
  fc.constant("install e1000e /sbin/modprobe pciback; /sbin/modprobe --ignore-install e1000e"),
);
const conf = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.boolean())
  .map(([lines, end]) => lines.join("\n") + (end ? "\n" : ""));

test("for any file, exactly the added function becomes hidden, and the removal restores every byte", () => {
  fc.assert(
    fc.property(conf, fc.constantFrom("e1000e", "bnx2"), (text, module) => {
      const hidden = addToModprobeConf(text, NIC, module);
      const lists = [text, hidden].map((line) => hideOptions(line).at(-1)?.list ?? []);
      expect(lists[1]?.map((entry) => entry.text)).toEqual([
        ...(lists[0] ?? []).map((entry) => entry.text),
        `(${NIC})`,
      ]);
      expect(lists[1]?.some((entry) => hides(entry, NIC))).toBe(true);
      const unneeded = {
        module: text.includes(`install ${module} `) ? undefined : module,
        option: hideOptions(text).length === 0,
      };
      expect(removeFromModprobeConf(hidden, NIC, unneeded)).toBe(text);
    }),
  );
});
