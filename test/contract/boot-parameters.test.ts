import { connectionPool } from "../../provider/host/connection-pool";
import type { Step } from "../../provider/steps/steps";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { group, scriptOf } from "../script/apply-groups";
import { Deployment } from "./deployment";
import { seeThatTheIommuNeedsNothing, seeThatTheIommuStaysOff } from "./iommu-of-debian";
import { output } from "./test-host";

test("the IOMMU needs nothing, or stays off as the administrator has it", async () => {
  const host = await startSimulatedHost({ name: "kvm1", profile: "debian-kvm" });
  const rebootWith = async (edit: string) => {
    await output(host, `sed -i '${edit}' /etc/default/grub.d/lab.cfg && update-grub`);
    await host.reboot();
  };
  await rebootWith("s/ intel_iommu=on//");
  await seeThatTheIommuNeedsNothing(host);
  await rebootWith("s/console=hvc0/& intel_iommu=off/");
  await seeThatTheIommuStaysOff(host);
  await connectionPool.closeAll();
  await host.stop();
}, 600_000);

test("a kernel that leaves the IOMMU alone: the argument, the reboot, and back again", async () => {
  const host = await startSimulatedHost({ name: "kvm2", profile: "debian-kvm" });
  // As kernels of RHEL are built.
  await output(
    host,
    "sed -i '/DEFAULT_ON/d' /boot/config-* && sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub",
  );
  await host.reboot();

  const sources = () => output(host, "cat /etc/default/grub /etc/default/grub.d/*; ls /etc/default/grub.d");
  const before = await sources();

  const preview = new Deployment(host);
  await preview.check("IommuBootParameters", {}, "iommu");
  expect(preview.lines.join("\n")).toContain(
    "the kernel does not use the IOMMU that the firmware offers: intel_iommu=on is added to its command line",
  );
  const iommu = await new Deployment(host).create("IommuBootParameters", {});
  expect(iommu.outs).toMatchObject({ firmware: "intel", configured: true, active: false, pending: "host-reboot" });

  const reboot = await new Deployment(host).create("HostReboot", {
    triggers: [iommu.outs.bootChange],
  });
  expect(reboot.outs).toMatchObject({ pending: "none" });
  expect(await output(host, "cat /proc/cmdline")).toContain("intel_iommu=on");
  expect((await new Deployment(host).read(iommu))?.outs).toMatchObject({ active: true, pending: "none" });
  // Its own run could not know of this reboot.
  const found = await new Deployment(host).update(iommu, {});
  expect(found?.outs).toMatchObject({ active: true, pending: "none" });

  const end = new Deployment(host);
  await end.delete(iommu);
  expect(end.lines.at(-1)).toMatch(/^Hosts that wait for a reboot:\n {2}\S+: the IOMMU stays on until the next boot$/);
  expect(await sources()).toBe(before);

  await connectionPool.closeAll();
  await host.stop();
}, 600_000);

describe("XenServer", () => {
  let host: SimulatedHost;
  beforeEach(async () => {
    host = await startSimulatedHost({ name: "xs7", profile: "xenserver-7" });
  });
  afterEach(async () => {
    await connectionPool.closeAll();
    await host.stop();
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
  }, 600_000);

  test("gives its hypervisor an argument by xen-cmdline, and takes it out again", async () => {
    const path = "/boot/grub/grub.cfg";
    const asked = () => output(host, "/opt/xensource/libexec/xen-cmdline --get-xen iommu");
    const step = (before?: string, after?: string): Step => ({
      kind: "set-xen-argument",
      path,
      name: "iommu",
      before,
      after,
    });
    const apply = async (...steps: Step[]) => {
      const script = scriptOf(group(...steps));
      host.writeFile("/tmp/apply.sh", script.text);
      return script.read(await output(host, "sh /tmp/apply.sh"));
    };
    expect(await apply(step(undefined, "iommu=on"))).toMatchObject({ groups: [{ kind: "done" }] });
    expect(await asked()).toBe("iommu=on\n");
    expect(await apply(step(undefined, "iommu=on"))).toMatchObject({
      groups: [{ kind: "stale", reason: 'xen-cmdline --get-xen iommu says "iommu=on", not ""' }],
    });
    expect(await apply(step("iommu=on", undefined))).toMatchObject({ groups: [{ kind: "done" }] });
    expect(await asked()).toBe("\n");
  }, 600_000);

  test("refuses to go down under a running VM, in preview", async () => {
    await output(host, "xe vm-start vm=media");
    const { failures } = await new Deployment(host).check("HostReboot", { when: "always" });
    expect(failures[0]?.reason).toMatch(
      /^Unable to reboot the host on \S+: VMs are running on it: media\. Shut them down first/,
    );
  }, 600_000);
});
