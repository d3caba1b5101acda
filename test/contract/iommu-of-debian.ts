import { Deployment } from "./deployment";
import { output, type TestHost } from "./test-host";

/** Debian's kernel for KVM hosts uses Intel's IOMMU by itself (its config: INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF). */
export async function seeThatTheIommuNeedsNothing(host: TestHost): Promise<void> {
  expect(await output(host, "cat /proc/cmdline")).not.toContain("intel_iommu");
  const before = await sources(host);
  const iommu = await new Deployment(host).create("IommuBootParameters", {});
  expect(iommu.outs).toMatchObject({ firmware: "intel", configured: true, active: true, pending: "none" });
  expect(await sources(host)).toBe(before);
  await new Deployment(host).delete(iommu);
  expect(await sources(host)).toBe(before);
}

/** For a host whose administrator wrote `intel_iommu=off`. */
export async function seeThatTheIommuStaysOff(host: TestHost): Promise<void> {
  const before = await sources(host);
  const preview = new Deployment(host);
  const { failures } = await preview.check("IommuBootParameters", {}, "iommu");
  expect([...preview.lines, ...failures.map((failure) => failure.reason)].join("\n")).toContain(
    "the IOMMU is off because the kernel's command line says intel_iommu=off. Remove that, and reboot",
  );
  expect(await sources(host)).toBe(before);
}

function sources(host: TestHost): Promise<string> {
  return output(host, "cat /etc/default/grub /etc/default/grub.d/*; ls /etc/default/grub.d");
}
