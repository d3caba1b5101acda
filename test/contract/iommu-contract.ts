import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "./deployment";
import { output, type TestHost } from "./test-host";

/** What IommuBootParameters does on Debian with KVM, whose kernel uses Intel's IOMMU by itself (its config: INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF). */
export function iommuContract(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }): void {
  let host: TestHost;
  beforeAll(async () => {
    host = await start();
  }, options.timeoutMs);
  afterAll(async () => {
    await connectionPool.closeAll();
    await host?.stop();
  }, options.timeoutMs);

  const test = (name: string, body: () => Promise<void>) => it(name, body, options.timeoutMs);
  const sources = () => output(host, "cat /etc/default/grub /etc/default/grub.d/*; ls /etc/default/grub.d");
  const rebootWith = async (edit: string) => {
    await output(host, `sed -i '${edit}' /etc/default/grub.d/lab.cfg && update-grub`);
    await host.reboot();
  };

  test("nothing is written where the IOMMU is on, whoever switched it on", async () => {
    await rebootWith("s/ intel_iommu=on//");
    expect(await output(host, "cat /proc/cmdline")).not.toContain("intel_iommu");
    const before = await sources();
    const iommu = await new Deployment(host).create("IommuBootParameters", {});
    expect(iommu.outs).toMatchObject({ firmware: "intel", configured: true, active: true, pending: "none" });
    expect(await sources()).toBe(before);
    await new Deployment(host).delete(iommu);
    expect(await sources()).toBe(before);
  });

  test("who switched it off is told where, and it stays off", async () => {
    await rebootWith("s/console=hvc0/console=hvc0 intel_iommu=off/");
    const before = await sources();
    const preview = new Deployment(host);
    const { failures } = await preview.check("IommuBootParameters", {}, "iommu");
    expect([...preview.lines, ...failures.map((one) => one.reason)].join("\n")).toContain(
      "the IOMMU is off because the kernel's command line says intel_iommu=off. Take that out, and reboot",
    );
    expect(await sources()).toBe(before);
  });
}
