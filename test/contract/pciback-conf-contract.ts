import { connectionPool } from "../../provider/host/connection-pool";
import { Deployment } from "./deployment";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";

/** Hiding by /etc/xen/pciback.conf on a host with systemd that has no boot script: the same on the simulated host and on the real one. */
export function pcibackConfContract(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }): void {
  let host: TestHost;
  beforeAll(async () => {
    host = await start();
  }, options.timeoutMs);
  afterAll(async () => {
    await connectionPool.closeAll();
    await host?.stop();
  }, options.timeoutMs);

  test(
    "a device of pciback.conf is on pciback after a reboot, and after a destroy and another reboot all is as it was",
    async () => {
      const before = await everything(host);
      const hidden = await new Deployment(host).create("HiddenPciDevice", { device: NIC, mechanism: "pciback-conf" });
      expect(hidden.outs).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
      expect(await driverOf(host, NIC)).toBe("e1000e");
      expect(await output(host, "grep -v '^#' /etc/xen/pciback.conf")).toBe(`${NIC}\n`);
      expect(await output(host, "tail -n 1 /etc/modules")).toBe("xen_pciback\n");

      await host.reboot();
      expect(await driverOf(host, NIC)).toBe("pciback");
      expect(await driverOf(host, OTHER_NIC)).toBe("e1000e");
      expect(await output(host, "dmesg")).toContain(`pciback ${NIC}: xen_pciback: seizing device`);
      const seen = await new Deployment(host).read(hidden);
      expect(seen?.outs).toMatchObject({ configured: true, active: true, pending: "none" });
      expect(await new Deployment(host).update(hidden, { device: NIC, mechanism: "pciback-conf" })).toBeUndefined();

      await new Deployment(host).delete(hidden);
      expect(await driverOf(host, NIC)).toBe("pciback");
      await host.reboot();
      expect(await everything(host)).toBe(before);
    },
    options.timeoutMs,
  );
}

async function everything(host: TestHost): Promise<string> {
  const files = await output(
    host,
    "cksum /etc/modules; ls -A /etc/modules-load.d /usr/local/sbin /etc/systemd/system/*",
  );
  return `${await snapshot(host)}${files}`;
}
