import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { output } from "./test-host";

let host: SimulatedHost;
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

test("a KVM host whose kernel does not use the IOMMU: the argument, the reboot, and back again", async () => {
  host = await startSimulatedHost({ name: "kvm1", profile: "debian-kvm" });
  await output(host, "sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub");
  await host.reboot();
  const sources = () => output(host, "cat /etc/default/grub /etc/default/grub.d/*; ls /etc/default/grub.d");
  const before = await sources();

  const preview = new Deployment(host);
  await preview.check("IommuBootParameters", {}, "iommu");
  expect(preview.lines.join("\n")).toContain(
    "the kernel does not use the IOMMU that the firmware offers: it gets intel_iommu=on",
  );
  const iommu = await new Deployment(host).create("IommuBootParameters", {});
  expect(iommu.outs).toMatchObject({ firmware: "intel", configured: true, active: false, pending: "host-reboot" });

  const reboot = await new Deployment(host).create("HostReboot", {
    triggers: [iommu.outs.bootChange],
    timeoutSeconds: 30,
  });
  expect(reboot.outs).toMatchObject({ pending: "none" });
  expect(await output(host, "cat /proc/cmdline")).toContain("intel_iommu=on");
  expect((await new Deployment(host).read(iommu))?.outs).toMatchObject({ active: true, pending: "none" });
  expect(await new Deployment(host).update(iommu, {})).toBeUndefined();

  const end = new Deployment(host);
  await end.delete(iommu);
  expect(end.lines.at(-1)).toMatch(/^Hosts that wait for a reboot:\n {2}\S+: the IOMMU is on until the next boot$/);
  expect(await sources()).toBe(before);
}, 60_000);

describe("XenServer", () => {
  beforeEach(async () => {
    host = await startSimulatedHost({ name: "xs7", profile: "xenserver-7" });
  });

  test("is disabled, rebooted by its toolstack, and enabled when that is up again", async () => {
    const before = await output(host, "cat /proc/sys/kernel/random/boot_id");
    const run = new Deployment(host);
    const wish = { when: "always", triggers: ["a"], allowRunningVms: true, timeoutSeconds: 30 };
    const reboot = await run.create("HostReboot", wish);
    expect(reboot.outs.bootId).not.toBe(before.trim());
    const done = host.stats.commandLines.filter((line) =>
      /^(xe host-(disable|reboot|enable)|shutdown|reboot)\b/.test(line),
    );
    expect(done).toEqual([
      expect.stringMatching(/^xe host-disable uuid=[0-9a-f-]{36}$/),
      expect.stringMatching(/^xe host-reboot uuid=[0-9a-f-]{36}$/),
    ]);
    expect(await new Deployment(host).update(reboot, wish)).toBeUndefined();
    await new Deployment(host).delete(reboot);
  }, 60_000);

  test("refuses to go down under a running VM, in preview", async () => {
    await output(host, "xe vm-start vm=media");
    const { failures } = await new Deployment(host).check("HostReboot", { when: "always" });
    expect(failures[0]?.reason).toMatch(/^Unable to reboot the host on \S+: its VMs media run\. Shut them down first/);
  }, 60_000);
});
