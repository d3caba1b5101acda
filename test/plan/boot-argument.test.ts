import type { BootArgument } from "../../provider/claims/claim-entry";
import { addBootArgument, hasBootArgument, removeBootArgument } from "../../provider/plan/boot-argument";
import { neither } from "../../provider/plan/effect";
import { NOTHING } from "../../provider/plan/part";
import type { FileEdit } from "../../provider/steps/file";
import { simulate } from "../../provider/steps/steps";
import { textFile, withBootFiles } from "./host-files";
import { LAB } from "./recorded-host";
import { factsOf, withGrub } from "./xenserver-hosts";

const KEY = "IommuBootParameters";
const DROP_IN = "/etc/default/grub.d/zz-pulumi-pci-passthrough.cfg";
const XEN: BootArgument = { line: "xen", name: "iommu", text: "iommu=on" };
const LINUX: BootArgument = { line: "linux", name: "intel_iommu", text: "intel_iommu=on" };

test("the hypervisor of the lab host gets an argument in a drop-in, and grub.cfg is rebuilt", () => {
  expect(hasBootArgument(LAB, XEN)).toBe(false);
  const added = addBootArgument(LAB, KEY, XEN);
  expect(added).toMatchObject({
    judgements: [],
    entries: [{ kind: "boot-argument", path: DROP_IN, undo: XEN }],
    effects: [neither(`${DROP_IN} gets iommu=on`), neither("/boot/grub/grub.cfg is rebuilt")],
    steps: [
      {
        kind: "edit-file",
        after: expect.stringContaining('GRUB_CMDLINE_XEN_DEFAULT="$GRUB_CMDLINE_XEN_DEFAULT iommu=on"'),
      },
    ],
    regenerate: [{ what: "grub-config", path: "/boot/grub/grub.cfg" }],
  });
  const after = simulate(LAB, added.steps);
  const removed = removeBootArgument(after, KEY, XEN);
  expect(simulate(after, removed.steps)).toEqual(LAB);
});

test("an argument that every entry has, and those to come too, is there", () => {
  expect(hasBootArgument(LAB, LINUX)).toBe(true);
  expect(addBootArgument(LAB, KEY, LINUX)).toEqual(NOTHING);
});

test("an entry of grub.conf without the argument counts as lacking it", () => {
  const text = "title a\n\tkernel /vmlinuz-1 ro intel_iommu=on\ntitle b\n\tkernel /vmlinuz-2 ro\n";
  const path = "/boot/grub/grub.conf";
  const facts = withBootFiles(LAB, textFile(path, text));
  expect(hasBootArgument(facts, LINUX)).toBe(false);
  const added = addBootArgument(facts, KEY, LINUX);
  const [edit] = added.steps;
  expect((edit as FileEdit).after).toBe(text.replace("vmlinuz-2 ro", "vmlinuz-2 ro intel_iommu=on"));
});

test("a host whose boot is not recognised is refused, with what to do", () => {
  const facts = withBootFiles(LAB);
  expect(addBootArgument(facts, KEY, LINUX)).toEqual({
    ...NOTHING,
    judgements: [
      {
        guard: undefined,
        evidence: expect.stringMatching(/its boot loader configuration is not recognised[\s\S]*by hand/),
      },
    ],
  });
});

test("the hypervisor of a XenServer gets no argument where xen-cmdline would damage the menu", async () => {
  const facts = withGrub(await factsOf("xcpng-8.3"), (text) => text.replace("set timeout=5", "set timeout=0"));
  expect(addBootArgument(facts, KEY, XEN).judgements[0]?.evidence).toContain('would drop the line "set timeout=0"');
  expect(addBootArgument(facts, KEY, XEN).steps).toEqual([]);
});
