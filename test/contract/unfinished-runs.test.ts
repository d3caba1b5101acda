import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment, type Kind } from "./deployment";
import { driverOf, output } from "./test-host";

let host: SimulatedHost;
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

/** A declaration of each way to change the boot that has a boot file to rebuild. */
interface Case {
  readonly profile: string;
  readonly kind: Kind;
  readonly given: Record<string, unknown>;
  /** What an administrator did before. */
  readonly prepare?: string;
  /** The command with which the regeneration begins: there the script is killed. */
  readonly rebuild: string;
  /** What happens to the host then. */
  readonly afterwards: () => Promise<void>;
  /** Whether the host has booted with it. */
  readonly inEffect: () => Promise<boolean>;
}

const onStub = (address: string, stub: string) => async () => (await driverOf(host, address)) === stub;

const cases: readonly (readonly [string, Case])[] = [
  [
    "hidden by modprobe, killed",
    {
      profile: "debian-xl",
      kind: "HiddenPciDevice",
      given: { device: "01:00.0" },
      rebuild: "update-initramfs",
      afterwards: async () => {},
      inEffect: onStub("0000:01:00.0", "pciback"),
    },
  ],
  [
    "hidden by grub, killed and rebooted",
    {
      profile: "debian-xl-own-kernel",
      kind: "HiddenPciDevice",
      given: { device: "01:00.0" },
      rebuild: "grub-mkconfig",
      afterwards: () => host.reboot(),
      inEffect: onStub("0000:01:00.0", "pciback"),
    },
  ],
  [
    "hidden by a script of the initramfs, without power",
    {
      profile: "debian-kvm",
      kind: "HiddenPciDevice",
      given: { device: "03:00.0" },
      rebuild: "update-initramfs",
      afterwards: () => host.losePower(),
      inEffect: onStub("0000:03:00.0", "vfio-pci"),
    },
  ],
  [
    "an argument for the IOMMU, without power",
    {
      profile: "debian-kvm",
      kind: "IommuBootParameters",
      given: {},
      prepare:
        "sed -i '/DEFAULT_ON/d' /boot/config-* && sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub",
      rebuild: "grub-mkconfig",
      afterwards: () => host.losePower(),
      inEffect: async () => (await output(host, "cat /proc/cmdline")).includes("intel_iommu=on"),
    },
  ],
];

/** Sources of the boot, boot files by what is in them, and everything of ours. */
const everything = () =>
  output(
    host,
    `cksum /etc/default/grub /etc/default/grub.d/* /boot/grub/grub.cfg /etc/modprobe.d/*
find /etc /boot /var/lib -name '*pci-passthrough*'
lsinitramfs "/boot/initrd.img-$(uname -r)"`,
  );

describe.each(cases)("%s before the regeneration", (_, { rebuild, afterwards, inEffect, ...given }) => {
  let untouched: string;

  const start = async () => {
    host = await startSimulatedHost({ name: "host1", profile: given.profile });
    if (given.prepare !== undefined) {
      await output(host, given.prepare);
      await host.reboot();
    }
    untouched = await everything();
  };
  const interrupt = async (change: Promise<unknown>) => {
    await expect(change).rejects.toThrow("the script was killed before it ended");
    await afterwards();
    host.heal();
  };
  const create = () => new Deployment(host).create(given.kind, given.given);
  const rebootAsPending = async () => {
    const { outs } = await new Deployment(host).create("HostReboot", {});
    expect(outs).toMatchObject({ pending: "none" });
    return outs;
  };

  test("a create is finished by the next", async () => {
    await start();
    host.failAt({ kill: rebuild, times: 1 });
    await interrupt(create());
    const preview = new Deployment(host);
    await preview.check(given.kind, given.given);
    expect(preview.lines.join("\n")).toMatch(/an earlier run was cut off before it could rebuild .*: this is done now/);
    const created = await create();
    expect(created.outs).toMatchObject({ configured: true, pending: "host-reboot" });
    const reboots = host.stats.reboots;
    await rebootAsPending();
    expect(host.stats.reboots).toBe(reboots + 1);
    expect(await inEffect()).toBe(true);
    await new Deployment(host).delete(created);
    expect(await everything()).toBe(untouched);
  });

  test("a delete is finished by the next", async () => {
    await start();
    const created = await create();
    await rebootAsPending();
    expect(await inEffect()).toBe(true);
    host.failAt({ kill: rebuild, times: 1 });
    await interrupt(new Deployment(host).delete(created));
    const end = new Deployment(host);
    await end.delete(created);
    expect(end.lines.at(-1)).toMatch(/^Hosts that wait for a reboot:/);
    expect(await everything()).toBe(untouched);
    await rebootAsPending();
    expect(await inEffect()).toBe(false);
  });
});
