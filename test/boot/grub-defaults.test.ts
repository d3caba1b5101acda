// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell.
import fc from "fast-check";
import {
  addToGrubDefaults,
  type GrubDefaults,
  grubDefaultsLine,
  OUR_DROP_IN,
  removeFromGrubDefaults,
} from "../../provider/boot/grub-defaults";
import { hideByArgument, isHiddenByArgument, unhideByArgument } from "../../provider/boot/hide-argument";
import { withArgument, withoutArgument } from "../../provider/boot/kernel-command-line";
import type { ArgumentEdit, FilesEdit } from "../../provider/boot/kernel-line";
import type { PciAddress } from "../../provider/pci/address";
import { kernelArguments } from "./kernel-next-arg";

const [NIC, GPU] = ["0000:04:00.0", "0000:0a:00.0"] as PciAddress[] as [PciAddress, PciAddress];
const HIDE = "xen-pciback.hide";
const hide = (address: PciAddress): ArgumentEdit => ({ name: HIDE, edit: hideByArgument(HIDE, address) });
const unhide = (address: PciAddress): ArgumentEdit => ({ name: HIDE, edit: unhideByArgument(HIDE, address) });

test("where drop-ins are read, the argument goes to a drop-in of ours, for all but the recovery entries", () => {
  const debian = defaults(true, 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n');
  const after = applied(debian, addToGrubDefaults(debian, "dom0", hide(NIC)));
  expect(textOf(after, OUR_DROP_IN)).toBe(
    '# Kernel arguments for passing PCI devices to VMs (pulumi-pci-passthrough).\nGRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT xen-pciback.hide=(0000:04:00.0)"\n',
  );
  expect(grubDefaultsLine(after, "dom0")).toBe("console=ttyS0 quiet xen-pciback.hide=(0000:04:00.0)");
});

test("the variables that replace Linux's for Xen entries count for dom0", () => {
  const own = defaults(true, 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="dom0"\n');
  const after = applied(own, addToGrubDefaults(own, "dom0", hide(NIC)));
  expect(grubDefaultsLine(after, "dom0")).toBe("dom0 xen-pciback.hide=(0000:04:00.0)");
  expect(grubDefaultsLine(after, "linux")).toBe("quiet");
});

test("a list of somebody else is edited where it stands", () => {
  const own = defaults(true, 'GRUB_CMDLINE_LINUX="xen-pciback.hide=(05:00.0) quiet" # mine\n');
  const after = applied(own, addToGrubDefaults(own, "dom0", hide(NIC)));
  expect(textOf(after, "/etc/default/grub")).toBe(
    'GRUB_CMDLINE_LINUX="xen-pciback.hide=(05:00.0)(0000:04:00.0) quiet" # mine\n',
  );
});

test("CentOS 7's value with a command inside is edited, and the command stays", () => {
  const centos =
    'GRUB_CMDLINE_LINUX="crashkernel=auto $([ -x /usr/sbin/rhcrashkernel-param ] && /usr/sbin/rhcrashkernel-param || :) rhgb quiet"\n';
  const own = defaults(false, centos);
  const after = applied(own, addToGrubDefaults(own, "linux", iommu()));
  expect(textOf(after, "/etc/default/grub")).toBe(centos.replace('quiet"', 'quiet intel_iommu=on"'));
});

test.each([
  ["carriage returns", 'GRUB_CMDLINE_LINUX=""\r\n', "carriage return"],
  ["a value under a condition", 'if true; then GRUB_CMDLINE_LINUX="a"; fi\n', "under a condition"],
  [
    "a replacement under a condition",
    '[ -e /x ] && GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT="a"\n',
    "sets GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT under a condition",
  ],
  ["a quotation mark that is never closed", 'GRUB_CMDLINE_LINUX="quiet', "line 1: a quotation mark"],
  ["a value in a branch of case", 'case x in\na) GRUB_CMDLINE_LINUX="a" ;;\nesac\n', "under a condition"],
  ["a default value", '\n: ${GRUB_CMDLINE_LINUX:="a"}\n', "line 2: only a shell can tell"],
  ["an unset variable", "unset GRUB_CMDLINE_LINUX_DEFAULT\n", "`unset GRUB_CMDLINE_LINUX_DEFAULT'"],
  ["eval", 'eval "$OTHER"\n', "only a shell can tell"],
  [
    "a value from a command that reads the variable",
    'GRUB_CMDLINE_LINUX="$(echo $GRUB_CMDLINE_LINUX | sed s/a/b/)"\n',
    "only a shell can tell",
  ],
  ["two lists", 'GRUB_CMDLINE_LINUX="xen-pciback.hide=(05:00.0) xen-pciback.hide=(06:00.0)"\n', "Merge them into one"],
  ["a broken list", 'GRUB_CMDLINE_LINUX="xen-pciback.hide=(05:00.0),(06:00.0)"\n', "does not accept"],
])("refuses %s", (_, text, why) => {
  const own = defaults(true, text);
  expect(addToGrubDefaults(own, "dom0", hide(NIC))).toEqual({ kind: "error", reason: expect.stringContaining(why) });
});

test("the removal refuses an argument of ours that somebody has put under a condition since", () => {
  const own = defaults(false, "if true; then\n  GRUB_CMDLINE_LINUX='xen-pciback.hide=(0000:04:00.0)'\nfi\n");
  expect(removeFromGrubDefaults(own, "dom0", unhide(NIC))).toEqual({
    kind: "error",
    reason: expect.stringContaining("Remove it there by hand"),
  });
});

test("a conditional addition leaves the rest of the value known", () => {
  const text =
    'GRUB_CMDLINE_LINUX="xen-pciback.hide=(0000:04:00.0)"\n[ -e /x ] && GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX quiet"\n';
  expect(isHiddenByArgument(grubDefaultsLine(defaults(false, text), "dom0"), HIDE, NIC)).toBe(true);
});

describe("for any files, the added argument takes effect, and the removal restores every byte", () => {
  const args = fc.constantFrom("quiet", "ro", "a=b", "xen-pciback.hide=(05:00.0)", "console=tty0");
  const value = fc
    .tuple(fc.constantFrom('"', "'"), fc.array(args, { maxLength: 2 }))
    .filter(([, some]) => some.filter((argument) => argument.startsWith("xen")).length < 2)
    .map(([quote, some]) => quote + some.join(" ") + quote);
  const names = fc.constantFrom(
    "GRUB_CMDLINE_LINUX",
    "GRUB_CMDLINE_LINUX_DEFAULT",
    "GRUB_CMDLINE_XEN",
    "GRUB_CMDLINE_XEN_DEFAULT",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT",
  );
  const lines = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(names, value).map(([name, text]) => `${name}=${text}`) },
    fc.constantFrom(
      "# comment",
      "",
      "GRUB_TIMEOUT=5",
      'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX more"',
      "GRUB_CMDLINE_LINUX=",
    ),
  );
  const text = fc
    .tuple(fc.array(lines, { maxLength: 6 }), fc.boolean())
    .map(([some, newline]) => some.join("\n") + (newline && some.length > 0 ? "\n" : ""));

  test.each(["linux", "dom0", "xen"] as const)("on the line of %s", (line) => {
    fc.assert(
      fc.property(text, text, fc.boolean(), fc.boolean(), (main, more, dropIns, other) => {
        let now = defaults(dropIns, main, ...(dropIns ? [more] : []));
        const before = now.files;
        const steps = other ? [hide(NIC), iommu(), hide(GPU)] : [hide(NIC), hide(GPU)];
        for (const step of steps) {
          const edit = addToGrubDefaults(now, line, step);
          fc.pre(edit.kind === "edited");
          now = applied(now, edit);
        }
        const made = grubDefaultsLine(now, line);
        expect([NIC, GPU].map((address) => isHiddenByArgument(made, HIDE, address))).toEqual([true, true]);
        if (other) expect(kernelArguments(made)).toContainEqual(["intel_iommu", "on"]);
        for (const step of [unhide(GPU), ...(other ? [notIommu()] : []), unhide(NIC)]) {
          now = applied(now, removeFromGrubDefaults(now, line, step));
        }
        expect(now.files).toEqual(before);
      }),
      { numRuns: 250 },
    );
  });
});

function iommu(): ArgumentEdit {
  return { name: "intel_iommu", edit: withArgument("intel_iommu=on") };
}

function notIommu(): ArgumentEdit {
  return { name: "intel_iommu", edit: withoutArgument("intel_iommu=on") };
}

function defaults(dropIns: boolean, main: string, more?: string): GrubDefaults {
  const files = [{ path: "/etc/default/grub", text: main }];
  return {
    dropIns,
    files: more === undefined ? files : [...files, { path: "/etc/default/grub.d/local.cfg", text: more }],
  };
}

function applied(before: GrubDefaults, edit: FilesEdit): GrubDefaults {
  if (edit.kind === "error") throw new Error(edit.reason);
  const kept = before.files.flatMap((file) => {
    const text = edit.texts.has(file.path) ? edit.texts.get(file.path) : file.text;
    return text === undefined ? [] : [{ ...file, text }];
  });
  const added = [...edit.texts].flatMap(([path, text]) =>
    text === undefined || before.files.some((file) => file.path === path) ? [] : [{ path, text }],
  );
  return { ...before, files: [...kept, ...added] };
}

function textOf(grub: GrubDefaults, path: string): string | undefined {
  return grub.files.find((file) => file.path === path)?.text;
}
