import { connectionPool } from "../../provider/host/connection-pool";
import { type Deployed, Deployment } from "./deployment";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const CONTROLLER = "0000:03:00.0";
/** What a boot on trial has on a host lies in these. */
const TRIAL_FILES = "ls -A /boot /boot/grub /etc/systemd/system";
const NUMBER = `cat /sys/bus/pci/devices/${CONTROLLER}/sriov_numvfs`;
const USB = "0000:02:00.0";
const BY_SCRIPT = { device: OTHER_NIC, mechanism: "pciback-conf" };
/** The one way here that puts the next boot on trial. */
const ON_TRIAL = { device: USB, mechanism: "initramfs", allow: ["console-input"] };

/**
 * Virtual functions, devices hidden in three ways, the IOMMU and the reboots between: one story, since real hosts reboot
 * slowly.
 */
export function rebootContract(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }): void {
  let host: TestHost;
  let untouched: string;
  let functions: Deployed;
  let hidden: Deployed;
  let hiddenByScript: Deployed;
  let hiddenOnTrial: Deployed;
  let iommu: Deployed;
  let reboot: Deployed;

  const test = (name: string, body: () => Promise<void>) => it(name, body, options.timeoutMs);
  const wish = (count: number) => ({ device: "03:00.0", count });
  const bootId = async () => (await output(host, "cat /proc/sys/kernel/random/boot_id")).trim();

  /**
   * Drivers, sources of the boot byte for byte, and what the initramfs has in it (its own bytes differ with every
   * making).
   */
  const everything = async () =>
    (await snapshot(host)) +
    (await output(
      host,
      `cksum /etc/default/grub /etc/modules; ls -A /etc/modules-load.d /usr/local/sbin /etc/systemd/system/*
lsinitramfs "/boot/initrd.img-$(uname -r)" | grep -E '[.]ko|modprobe[.]d/|scripts/' | sort`,
    ));

  beforeAll(async () => {
    host = await start();
    untouched = await everything();
  }, options.timeoutMs);

  afterAll(async () => {
    await connectionPool.closeAll();
    await host?.stop();
  }, options.timeoutMs);

  test("virtual functions are made, and their addresses known", async () => {
    const preview = new Deployment(host);
    await preview.check("SriovVirtualFunctions", wish(2), "functions");
    expect(preview.lines.join("\n")).toContain("gets 2 virtual functions");

    functions = await new Deployment(host).create("SriovVirtualFunctions", wish(2));
    expect(functions.id).toMatch(/\/SriovVirtualFunctions\/0000:03:00\.0$/);
    expect(functions.outs).toMatchObject({
      device: CONTROLLER,
      addresses: ["0000:03:00.1", "0000:03:00.2"],
      configured: true,
      active: true,
      pending: "none",
    });
    expect(await output(host, NUMBER)).toBe("2\n");
    expect(await new Deployment(host).update(functions, wish(2))).toBeUndefined();
  });

  test("another number goes through zero; more than the device can have is refused", async () => {
    functions = (await new Deployment(host).update(functions, wish(3))) ?? functions;
    expect(functions.outs.addresses).toHaveLength(3);
    functions = (await new Deployment(host).update(functions, wish(2))) ?? functions;
    expect(functions.outs.addresses).toHaveLength(2);
    const { failures } = await new Deployment(host).check("SriovVirtualFunctions", wish(5));
    expect(failures[0]?.reason).toContain("can have at most 4 virtual functions");
  });

  test("a number that is taken away by hand is found and healed", async () => {
    await output(host, `echo 0 > /sys/bus/pci/devices/${CONTROLLER}/sriov_numvfs`);
    expect((await new Deployment(host).read(functions))?.outs).toMatchObject({ active: false, addresses: [] });
    expect((await new Deployment(host).update(functions, wish(2)))?.outs).toMatchObject({ active: true });
  });

  test("no boot change waits: the host is not rebooted", async () => {
    const before = await bootId();
    reboot = await new Deployment(host).create("HostReboot", {});
    expect(reboot.outs).toMatchObject({ pending: "none", bootId: before });
    expect(await bootId()).toBe(before);
  });

  test("hidden devices wait for the reboot, and have it; its boot is on trial, and is kept", async () => {
    const before = await bootId();
    const create = new Deployment(host);
    // One initramfs for both.
    [hidden, hiddenOnTrial] = await Promise.all([
      create.create("HiddenPciDevice", { device: NIC }, "nic"),
      create.create("HiddenPciDevice", ON_TRIAL, "usb"),
    ]);
    expect(create.lines.join("\n")).toContain("a boot that fails goes back by itself");
    hiddenByScript = await new Deployment(host).create("HiddenPciDevice", BY_SCRIPT);
    for (const { outs } of [hidden, hiddenByScript, hiddenOnTrial])
      expect(outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
    for (const device of [NIC, OTHER_NIC]) expect(await driverOf(host, device)).toBe("e1000e");
    expect(await output(host, TRIAL_FILES)).toContain("pci-passthrough-old-initrd.img-");
    expect(await everything()).toContain("xen-pciback.ko");
    expect(await output(host, "grep -v '^#' /etc/xen/pciback.conf")).toBe(`${OTHER_NIC}\n`);
    expect(await output(host, "tail -n 1 /etc/modules")).toBe("xen_pciback\n");
    iommu = await new Deployment(host).create("IommuBootParameters", {});
    expect(iommu.outs).toMatchObject({ configured: true, active: true, pending: "none" });

    const triggers = [hidden.outs.bootChange, hiddenByScript.outs.bootChange];
    const preview = new Deployment(host);
    await preview.check("HostReboot", { triggers }, "reboot");
    expect(preview.lines.join("\n")).toContain(
      `the host is rebooted\n  because ${NIC} will be hidden from the next boot\n  because ${OTHER_NIC} will be hidden from the next boot`,
    );

    const run = new Deployment(host);
    reboot = (await run.update(reboot, { triggers })) ?? reboot;
    expect(run.lines.join("\n")).toMatch(/it reboots, and has 2400 s to come back[\s\S]*it is back after \d+ s/);
    expect(reboot.outs).toMatchObject({ pending: "none" });
    expect(reboot.outs.bootId).not.toBe(before);
    expect(await output(host, "cat /proc/cmdline")).toContain("pci-passthrough.trial=new");
    expect(await output(host, TRIAL_FILES)).not.toContain("pci-passthrough");
    for (const deployed of [hidden, hiddenByScript, hiddenOnTrial]) {
      expect(await driverOf(host, deployed.outs.device)).toBe("pciback");
      expect((await new Deployment(host).read(deployed))?.outs).toMatchObject({
        configured: true,
        active: true,
        pending: "none",
      });
    }
    expect(await output(host, "dmesg")).toContain(`pciback ${OTHER_NIC}: xen_pciback: seizing device`);
    // Their own run could not know of this reboot: the outputs follow, and nothing is done on the host.
    hidden = (await new Deployment(host).update(hidden, { device: NIC })) ?? hidden;
    hiddenByScript = (await new Deployment(host).update(hiddenByScript, BY_SCRIPT)) ?? hiddenByScript;
    hiddenOnTrial = (await new Deployment(host).update(hiddenOnTrial, ON_TRIAL)) ?? hiddenOnTrial;
    for (const { outs } of [hidden, hiddenByScript, hiddenOnTrial])
      expect(outs).toMatchObject({ active: true, pending: "none" });
    expect(await new Deployment(host).update(hidden, { device: NIC })).toBeUndefined();
    expect(await new Deployment(host).update(hiddenByScript, BY_SCRIPT)).toBeUndefined();
    expect(await new Deployment(host).update(reboot, { triggers })).toBeUndefined();
  });

  test("the virtual functions are there after the reboot", async () => {
    expect(await output(host, NUMBER)).toBe("2\n");
    expect((await new Deployment(host).read(functions))?.outs).toMatchObject({
      addresses: ["0000:03:00.1", "0000:03:00.2"],
      active: true,
    });
    expect(await new Deployment(host).update(functions, wish(2))).toBeUndefined();
  });

  test("while one of them is for a VM their number stays", async () => {
    const assigned = await new Deployment(host).create("AssignableDevice", { device: functions.outs.addresses[0] });
    expect(await driverOf(host, "0000:03:00.1")).toBe("pciback");
    await expect(new Deployment(host).update(functions, wish(3))).rejects.toThrow(
      /Unable to give 0000:03:00\.0 3 virtual functions on .*: its virtual function 0000:03:00\.1 is on pciback/,
    );
    await expect(new Deployment(host).delete(functions)).rejects.toThrow(/0000:03:00\.1 is on pciback/);
    expect(await output(host, NUMBER)).toBe("2\n");
    await new Deployment(host).delete(assigned);
    expect(await driverOf(host, "0000:03:00.1")).toBe("");
  });

  test("given back, there are none", async () => {
    await new Deployment(host).delete(functions);
    expect(await output(host, NUMBER)).toBe("0\n");
    expect(await new Deployment(host).read(functions)).toBeUndefined();
  });

  test("a removal waits for a reboot too: destroy says so, and the next reboot resource sees it", async () => {
    await new Deployment(host).delete(iommu);
    await new Deployment(host).delete(hiddenByScript);
    const end = new Deployment(host);
    await Promise.all([end.delete(hidden), end.delete(hiddenOnTrial)]);
    expect(end.lines.at(-1)).toMatch(
      /^Hosts that wait for a reboot:\n {2}\S+: 0000:01:00\.0 stays on pciback until the next boot; 0000:01:00\.1 stays on pciback until the next boot; 0000:02:00\.0 stays on pciback until the next boot$/,
    );
    expect(await driverOf(host, NIC)).toBe("pciback");
    reboot = (await new Deployment(host).update(reboot, {})) ?? reboot;
    expect(reboot.outs).toMatchObject({ pending: "none", waiting: [] });
    await new Deployment(host).delete(reboot);
    expect(await everything()).toBe(untouched);
  });
}
