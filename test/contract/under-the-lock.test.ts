import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { driverOf, output, snapshot } from "./test-host";

const NIC = "0000:01:00.0";
const NVME = "0000:03:00.0";

let host: SimulatedHost;
let untouched: string;
beforeEach(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  untouched = await snapshot(host);
});
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

test("a disk that a VM got since the preview is refused, and nothing was done", async () => {
  const run = new Deployment(host);
  expect((await run.check("AssignableDevice", { device: NVME })).failures).toEqual([]);
  host.writeFile("/etc/xen/db.cfg", `name = "db"\nmemory = 128\ndisk = [ 'phy:/dev/nvme0n1,xvda,w' ]\n`);
  await expect(run.create("AssignableDevice", { device: NVME })).rejects.toThrow(/nvme0n1.*VM "db"/);
  expect(await driverOf(host, NVME)).toBe("nvme");
  await host.exec("rm /etc/xen/db.cfg");
  expect(await snapshot(host)).toBe(untouched);
});

test("a connection that is cut before the steps were sent has done nothing, and the apply is begun once more", async () => {
  const run = new Deployment(host);
  await run.check("AssignableDevice", { device: NIC });
  host.failAt({ cutConnectionDuring: "xl list", times: 1 });
  const nic = await run.create("AssignableDevice", { device: NIC });
  expect(nic.outs).toMatchObject({ active: true });
  // The one that was cut, the next, and that of the confirmation.
  expect(host.stats.connections).toBe(3);
  await run.delete(nic);
  expect(await snapshot(host)).toBe(untouched);
});

test("a connection that is cut every time is an error, and the host as it was", async () => {
  const run = new Deployment(host);
  await run.check("AssignableDevice", { device: NIC });
  host.failAt({ cutConnectionDuring: "xl list" });
  await expect(run.create("AssignableDevice", { device: NIC })).rejects.toThrow(/Lost the connection to 127\.0\.0\.1/);
  host.heal();
  expect(await snapshot(host)).toBe(untouched);
});

test("a host that goes down for a reboot takes no changes, and says who asked for that", async () => {
  const folder = "/var/run/pulumi-pci-passthrough";
  const note = `1000 $(cat /proc/sys/kernel/random/boot_id) the stack \\"prod\\" of the project \\"other\\"`;
  await output(host, `mkdir -p ${folder} && echo "${note}" > ${folder}/going-down`);
  await expect(new Deployment(host).create("AssignableDevice", { device: NIC })).rejects.toThrow(
    /the host is going down for a reboot that the stack "prod" of the project "other" asked for\. Nothing was changed/,
  );
  expect(await snapshot(host)).toBe(untouched);
  await host.reboot();
  const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
  await new Deployment(host).delete(nic);
});

test("a reboot leaves the note of who asked for it until the host is down", async () => {
  let note = "";
  const noteOf = async () => {
    note ||= (await host.exec("cat /var/run/pulumi-pci-passthrough/going-down 2> /dev/null")).stdout;
  };
  const watch = setInterval(noteOf, 5);
  await new Deployment(host).create("HostReboot", { when: "always" });
  clearInterval(watch);
  expect(note).toMatch(/^10[2-9]\d \S+ the stack "dev" of the project "contract"\n$/);
});
