import type { HostFacts } from "../../provider/facts/host-facts";
import { loss } from "../../provider/plan/effect";
import { planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import type { HideWish } from "../../provider/plan/wish";
import type { FileEdit } from "../../provider/steps/file";
import { simulate } from "../../provider/steps/steps";
import { hide } from "./hide-wish";
import { textFile, withBootFiles, withModprobeFiles } from "./host-files";
import { address, LAB, listed, ownedBy } from "./recorded-host";

const DEV = ownedBy("dev", "token-1");
const BLS = "/boot/loader/entries/ab-5.14.conf";

/** The lab host as it is without Xen below it. */
const KVM: HostFacts = { ...LAB, xen: undefined, domains: listed() };
const RED_HAT: HostFacts = {
  ...withBootFiles(
    KVM,
    textFile("/boot/grub2/grub.cfg", "### BEGIN /etc/grub.d/10_linux ###\nblscfg\n"),
    textFile(BLS, "title RHEL\nlinux /vmlinuz-5.14\noptions root=/dev/sda1 ro quiet\n"),
  ),
  boot: {
    ...KVM.boot,
    programs: ["dracut", "grub2-mkconfig"],
    dracutFolder: "/usr/lib/dracut",
  },
  stubDrivers: {
    forms: new Map([
      ["vfio-pci", "module"],
      ["pci-stub", "builtin"],
    ]),
    variants: new Set(),
  },
};

function withVirtualFunction(facts: HostFacts, virtual: string, physical: string): HostFacts {
  const device = facts.pciDevices.get(address(virtual));
  if (!device) throw new Error(`${virtual} is not there`);
  const changed = { ...device, physicalFunction: address(physical) };
  return { ...facts, pciDevices: new Map(facts.pciDevices).set(device.address, changed) };
}

const ways: readonly [string, HostFacts, HideWish, readonly string[]][] = [
  [
    "by a script of initramfs-tools",
    KVM,
    hide("01:00.0"),
    [
      "/etc/initramfs-tools/hooks/pulumi-pci-passthrough",
      "/etc/initramfs-tools/scripts/init-top/pulumi-pci-passthrough",
    ],
  ],
  [
    "by a module of dracut",
    RED_HAT,
    hide("01:00", { driver: "pci-stub" }),
    ["check", "early.sh", "install", "installkernel", "module-setup.sh"].map(
      (name) => `/usr/lib/dracut/modules.d/90pulumi-pci-passthrough/${name}`,
    ),
  ],
  [
    "by ids in modprobe.d",
    KVM,
    hide("03:00.0", { mechanism: "kernel-ids" }),
    ["/etc/modprobe.d/pulumi-pci-passthrough-ids.conf"],
  ],
  ["by ids on the command line", RED_HAT, hide("03:00.0", { mechanism: "kernel-ids", driver: "pci-stub" }), [BLS]],
];

const ALPINE: HostFacts = {
  ...withBootFiles(LAB, textFile("/etc/mkinitfs/mkinitfs.conf", 'features="ata base ide scsi usb virtio ext4 nvme"\n')),
  boot: { ...LAB.boot, programs: ["mkinitfs"] },
};
const MODPROBE = "/etc/modprobe.d/pulumi-pci-passthrough.conf";
const OTHERS: typeof ways = [
  [
    "by modprobe, in the initramfs of mkinitfs too",
    ALPINE,
    hide("03:00.0"),
    ["/etc/mkinitfs/features.d/pulumi-pci-passthrough.modules", "/etc/mkinitfs/mkinitfs.conf", MODPROBE],
  ],
  [
    "by modprobe, in the initramfs of dracut too",
    { ...withBootFiles(LAB), boot: RED_HAT.boot },
    hide("01:00"),
    ["/etc/dracut.conf.d/pulumi-pci-passthrough.conf", MODPROBE],
  ],
];

describe.each([...ways, ...OTHERS])("a host hides %s", (_, facts, wish, paths) => {
  const plan = planPresent(facts, wish, DEV);
  const after = simulate(facts, plan.steps);

  test("with these files, and nothing is left to do then", () => {
    expect(plan.refusals).toEqual([]);
    const edits = plan.steps.filter((step): step is FileEdit => step.kind === "edit-file");
    expect([...new Set(edits.map((step) => step.path))].sort()).toEqual(paths);
    expect(planPresent(after, wish, DEV).steps).toEqual([]);
  });

  test("and has the same bytes after the end", () => {
    const back = simulate(after, planAbsent(after, wish, DEV).steps);
    expect({ ...back, claims: [] }).toEqual({ ...facts, claims: [] });
    expect(back.claims).toEqual(facts.claims);
  });
});

test("functions are taken by their address, before udev", () => {
  const { steps } = planPresent(KVM, hide("01:00"), DEV);
  const script = steps
    .filter((step): step is FileEdit => step.kind === "edit-file" && step.path.includes("init-top"))
    .at(-1);
  expect(script?.after).toMatch(
    /^pci_passthrough_take vfio-pci 0000:01:00\.0 8086:10d3 \S+\npci_passthrough_take vfio-pci 0000:01:00\.1 8086:10d3 \S+$/m,
  );
  expect(script?.executable).toBe(true);
});

test("ids: preview names every device that they catch, and each of them is judged", () => {
  const { effects, refusals } = planPresent(KVM, hide("01:00.0", { mechanism: "kernel-ids" }), DEV);
  expect(effects).toContainEqual(
    loss(
      expect.stringMatching(
        /^vfio-pci takes every device with the id 8086:10d3: 0000:00:03\.0 \(.*\), 0000:01:00\.0 \(.*\), 0000:01:00\.1/,
      ),
    ),
  );
  expect(refusals.map(({ guard }) => guard)).toContain("ssh-route");
});

const refused: readonly [string, HostFacts, HideWish, RegExp][] = [
  [
    "mkinitfs",
    { ...KVM, boot: { ...KVM.boot, programs: ["mkinitfs"] } },
    hide("01:00.0"),
    /mkinitfs, which accepts no additional scripts/,
  ],
  [
    "a virtual function, which its physical function's driver makes after the initramfs ran",
    withVirtualFunction(KVM, "0000:01:00.1", "0000:01:00.0"),
    hide("01:00.1"),
    /0000:01:00\.1 is a virtual function.* the driver of 0000:01:00\.0 makes it.* Declare an AssignableDevice/,
  ],
  [
    "a kernel without vfio-pci",
    { ...KVM, stubDrivers: { forms: new Map(), variants: new Set() } },
    hide("01:00.0"),
    /has no vfio-pci/,
  ],
  ["a way for Xen", KVM, hide("01:00.0", { mechanism: "grub" }), /hosts with Xen, and this one runs without Xen/],
  [
    "ids beside somebody's own",
    withModprobeFiles(KVM, textFile("/etc/modprobe.d/v.conf", "options vfio-pci ids=10de:1b80\n")),
    hide("03:00.0", { mechanism: "kernel-ids" }),
    /v\.conf gives vfio-pci ids already/,
  ],
];
test.each(refused)("%s: refused, with the reason", (_, facts, wish, reason) => {
  expect(planPresent(facts, wish, DEV)).toMatchObject({
    steps: [],
    refusals: [{ message: expect.stringMatching(reason) }],
  });
});
