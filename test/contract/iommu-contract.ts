import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "./deployment";
import { output, type TestHost } from "./test-host";

/** What IommuBootParameters and HostReboot do on a KVM host whose kernel leaves the IOMMU alone. */
export function iommuContract(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }): void {
  let host: TestHost;
  beforeAll(async () => {
    host = await start();
    await output(host, "sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub");
    await host.reboot();
  }, options.timeoutMs);
  afterAll(async () => {
    await connectionPool.closeAll();
    await host?.stop();
  }, options.timeoutMs);

  test(
    "a KVM host whose kernel does not use the IOMMU: the argument, the reboot, and back again",
    async () => {
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
      });
      expect(reboot.outs).toMatchObject({ pending: "none" });
      expect(await output(host, "cat /proc/cmdline")).toContain("intel_iommu=on");
      expect((await new Deployment(host).read(iommu))?.outs).toMatchObject({ active: true, pending: "none" });
      expect(await new Deployment(host).update(iommu, {})).toBeUndefined();

      const end = new Deployment(host);
      await end.delete(iommu);
      expect(end.lines.at(-1)).toMatch(/^Hosts that wait for a reboot:\n {2}\S+: the IOMMU is on until the next boot$/);
      expect(await sources()).toBe(before);
    },
    options.timeoutMs,
  );
}
