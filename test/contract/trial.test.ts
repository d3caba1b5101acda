import { setTimeout as delay } from "node:timers/promises";
import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Cable } from "./cable";
import { Deployment } from "./deployment";
import { driverOf, snapshot, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const ON_TRIAL = { confirm: "always", confirmSeconds: 10 } as const;

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

const runOn = (port: number, safety: TestHost["safety"]) =>
  new Deployment({ ...host, port, ...(safety && { safety }) });

test("a change that takes something is confirmed over one more connection, and kept", async () => {
  const run = runOn(host.port, { confirm: "when-taking" });
  await run.check("AssignableDevice", { device: NIC });
  const before = { ...host.stats };
  const nic = await run.create("AssignableDevice", { device: NIC });
  expect(nic.outs).toMatchObject({ active: true });
  expect(host.stats.connections - before.connections).toBe(1);
  expect(host.stats.scripts - before.scripts).toBe(2);
  const removed = { ...host.stats };
  await run.delete(nic);
  expect(host.stats.connections - removed.connections).toBe(0);
  expect(await snapshot(host)).toBe(untouched);
});

test("a host that cannot be reached after the change takes it back by itself, and the run says so", async () => {
  const cable = await Cable.plugIn(host.port);
  const run = runOn(cable.port, ON_TRIAL);
  const creating = run.create("AssignableDevice", { device: NIC });
  creating.catch(() => {});
  while (!host.stats.commandLines.includes(`xl pci-assignable-add ${NIC}`)) await delay(5);
  cable.loosen();
  while ((await driverOf(host, NIC)) !== "pciback") await delay(50);
  while ((await driverOf(host, NIC)) !== "e1000e") await delay(50);
  cable.fasten();
  await expect(creating).rejects.toThrow(
    `Unable to make ${NIC} assignable on 127.0.0.1: the host could not be reached after ${NIC} left e1000e; it took the change back by itself after 10 s`,
  );
  expect(await snapshot(host)).toBe(untouched);
  await cable.takeOut();
}, 60_000);
