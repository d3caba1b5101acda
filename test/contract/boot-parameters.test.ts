import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { iommuContract } from "./iommu-contract";
import { output } from "./test-host";

iommuContract(() => startSimulatedHost({ name: "kvm1", profile: "debian-kvm" }), { timeoutMs: 60_000 });

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
  }, 60_000);

  test("refuses to go down under a running VM, in preview", async () => {
    await output(host, "xe vm-start vm=media");
    const { failures } = await new Deployment(host).check("HostReboot", { when: "always" });
    expect(failures[0]?.reason).toMatch(/^Unable to reboot the host on \S+: its VMs media run\. Shut them down first/);
  }, 60_000);
});
