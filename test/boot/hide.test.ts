import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "../contract/deployment";
import { driverOf, output } from "../contract/test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";

// Several boots of a simulated host on a busy machine.
jest.setTimeout(600_000);

let host: SimulatedHost;
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

/** Every file that a boot is made of, generated ones too: what the simulator packs into an initramfs is its text. */
function bootFiles(): Promise<string> {
  return output(
    host,
    "find /etc/default /etc/modprobe.d /etc/initramfs-tools /boot /var/lib -type f -exec cksum {} + | sort -k 3; find /etc/initramfs-tools | sort",
  );
}

const ways: readonly [string, Record<string, unknown>, RegExp][] = [
  ["debian-kvm", {}, /the initramfs is rebuilt with a script/],
  ["debian-xl", { mechanism: "initramfs" }, /the initramfs is rebuilt with a script/],
  [
    "debian-xl-own-kernel",
    {},
    /zz-pulumi-pci-passthrough\.cfg gets 0000:01:00\.0[\s\S]*\/boot\/grub\/grub\.cfg is rebuilt/,
  ],
];

describe.each(ways)("%s %j", (profile, inputs, effect) => {
  test("two functions are hidden from the next boot on, and no longer from the boot after their removal", async () => {
    const stub = profile === "debian-kvm" ? "vfio-pci" : "pciback";
    host = await startSimulatedHost({ name: "xen1", profile });
    const before = await bootFiles();
    const run = new Deployment(host);
    await run.check("HiddenPciDevice", { device: NIC, ...inputs });
    expect(run.lines.join("\n")).toMatch(effect);
    const scripts = host.stats.scripts;
    const [first, second] = await Promise.all([
      run.create("HiddenPciDevice", { device: NIC, ...inputs }, "one"),
      run.create("HiddenPciDevice", { device: OTHER_NIC, ...inputs }, "two"),
    ]);
    expect(host.stats.scripts - scripts).toBe(1); // one apply for both
    expect(first.outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });

    await host.reboot();
    expect([await driverOf(host, NIC), await driverOf(host, OTHER_NIC)]).toEqual([stub, stub]);
    expect((await new Deployment(host).read(second))?.outs).toMatchObject({
      configured: true,
      active: true,
      pending: "none",
    });

    const end = new Deployment(host);
    await Promise.all([end.delete(first), end.delete(second)]);
    expect(await bootFiles()).toBe(before);
    await host.reboot();
    expect([await driverOf(host, NIC), await driverOf(host, OTHER_NIC)]).toEqual(["e1000e", "e1000e"]);
  });
});

const failing: readonly [string, string, (host: SimulatedHost) => void, RegExp][] = [
  [
    "the disk is full under the edit",
    "debian-xl",
    (host) => host.failAt({ writesUnder: "/etc/modprobe.d", error: "ENOSPC" }),
    /No space left on device[\s\S]*All steps were undone/,
  ],
  [
    "the disk is full under the initramfs",
    "debian-xl",
    (host) => host.failAt({ writesUnder: "/boot", error: "ENOSPC" }),
    /could not rebuild the initramfs[\s\S]*update-initramfs: failed[\s\S]*All steps were undone/,
  ],
  [
    "grub-mkconfig fails",
    "debian-xl-own-kernel",
    (host) => host.failAt({ command: "grub-mkconfig", stderr: "Syntax errors are detected\n", exitCode: 1 }),
    /could not rebuild grub\.cfg[\s\S]*Syntax errors are detected[\s\S]*All steps were undone/,
  ],
  [
    "GRUB cannot read the new grub.cfg",
    "debian-xl-own-kernel",
    (host) => host.failAt({ command: "grub-script-check", stderr: "error: line: 7\n", exitCode: 1 }),
    /wrote a file that GRUB cannot read[\s\S]*error: line: 7/,
  ],
  [
    "/boot is read-only",
    "debian-xl-own-kernel",
    (host) => host.failAt({ writesUnder: "/boot", error: "EROFS" }),
    /Read-only file system[\s\S]*All steps were undone/,
  ],
];
test.each(failing)("%s: the error is clear and the boot configuration unchanged", async (_, profile, fail, message) => {
  host = await startSimulatedHost({ name: "xen1", profile });
  const before = await bootFiles();
  fail(host);
  await expect(new Deployment(host).create("HiddenPciDevice", { device: NIC })).rejects.toThrow(message);
  host.heal();
  expect(await bootFiles()).toBe(before);
});

test("a list that somebody broke since then stops the removal, and nothing is lost", async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl-own-kernel" });
  const hidden = await new Deployment(host).create("HiddenPciDevice", { device: NIC });
  const file = "/etc/default/grub.d/zz-pulumi-pci-passthrough.cfg";
  const broken = host.readFile(file).replace("00.0)", "00.0),");
  host.writeFile(file, broken);
  await expect(new Deployment(host).delete(hidden)).rejects.toThrow(
    /which the kernel does not accept[\s\S]*Fix it first/,
  );
  expect(host.readFile(file)).toBe(broken);
});
