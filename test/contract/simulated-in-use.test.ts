import { startSimulatedHost } from "../../simulator";
import { inUseContract } from "./in-use-contract";
import { output } from "./test-host";

inUseContract(
  async () => {
    const host = await startSimulatedHost({ name: "xen1", profile: "debian-xl-in-use" });
    await output(host, "xl create /etc/xen/web.cfg");
    return {
      ...host,
      async slowDown(seconds: number) {
        host.heal();
        if (seconds > 0) host.failAt({ delay: "xl pci-assignable-add", ms: 100 * seconds });
      },
      async takeUpDevices() {},
    };
  },
  { timeoutMs: 600_000 },
);
