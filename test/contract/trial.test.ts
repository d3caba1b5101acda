import { setTimeout as delay } from "node:timers/promises";
import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Cable } from "./cable";
import { Deployment } from "./deployment";
import { driverOf, snapshot } from "./test-host";

const NIC = "0000:01:00.0";
const USB = "0000:02:00.0";
const WISH = { device: NIC };
const TAKEN_BACK = `Unable to make ${NIC} assignable on 127.0.0.1: the host could not be reached after ${NIC} left e1000e; it took the change back by itself after 10 s`;

// A slow machine takes long to run so many hosts at once.
jest.setTimeout(600_000);
afterAll(() => connectionPool.closeAll());

/** A host that a run has taken a function from and cannot reach any more, until `cable` is fastened again. */
interface Unreached {
  readonly host: SimulatedHost;
  readonly cable: Cable;
  readonly creating: Promise<unknown>;
}

/** All at once, since each waits for the ten seconds that are the least. */
function unreached(what: string, body: (given: Unreached) => Promise<void>): void {
  test.concurrent(what, () =>
    onHost(async (host) => {
      const cable = await Cable.plugIn(host.port);
      const run = new Deployment({ ...host, port: cable.port, safety: { confirmSeconds: 10 } });
      const creating = run.create("AssignableDevice", WISH);
      creating.catch(() => {});
      while (!host.stats.commandLines.includes(`xl pci-assignable-add ${NIC}`)) await delay(5);
      cable.loosen();
      await until(host, "pciback");
      await body({ host, cable, creating }).finally(() => cable.takeOut());
    }),
  );
}

/** Whatever is done to the host, it has to be as before in the end. */
async function onHost(body: (host: SimulatedHost) => Promise<void>): Promise<void> {
  const host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  try {
    const untouched = await snapshot(host);
    await body(host);
    expect(await snapshot(host)).toBe(untouched);
  } finally {
    await host.stop();
  }
}

async function until(host: SimulatedHost, driver: string): Promise<void> {
  while ((await driverOf(host, NIC)) !== driver) await delay(50);
}

/** A run that nothing keeps from its host. */
async function createAndDelete(host: SimulatedHost): Promise<void> {
  const run = new Deployment(host);
  const nic = await run.create("AssignableDevice", WISH);
  expect(nic.outs).toMatchObject({ active: true, functions: [{ originalDriver: "e1000e" }] });
  await run.delete(nic);
}

test.concurrent("a change that takes something is confirmed over one more connection, and kept", () =>
  onHost(async (host) => {
    const run = new Deployment(host);
    await run.check("AssignableDevice", WISH);
    const before = { ...host.stats };
    const nic = await run.create("AssignableDevice", WISH);
    expect(nic.outs).toMatchObject({ active: true });
    expect(host.stats.connections - before.connections).toBe(1);
    expect(host.stats.scripts - before.scripts).toBe(2);
    const taken = { ...host.stats };
    await run.delete(nic);
    expect([host.stats.connections - taken.connections, host.stats.scripts - taken.scripts]).toEqual([0, 1]);
  }));

test.concurrent("preview says it once for each host", () =>
  onHost(async (host) => {
    const run = new Deployment({ ...host, safety: { confirmSeconds: 90 } });
    for (const device of [NIC, USB]) await run.check("AssignableDevice", { device }, device);
    const said = run.lines.join("\n").match(/if the host cannot be reached .*/g);
    expect(said).toEqual(["if the host cannot be reached after this, it takes the change back by itself after 90 s"]);
  }));

unreached(
  "a host that cannot be reached takes the change back, and the run says so",
  async ({ host, cable, creating }) => {
    await until(host, "e1000e");
    cable.fasten();
    await expect(creating).rejects.toThrow(TAKEN_BACK);
  },
);

unreached(
  "another run waits until the trial is over, also when the provider was killed",
  async ({ host, cable, creating }) => {
    await createAndDelete(host);
    cable.fasten();
    await expect(creating).rejects.toThrow(TAKEN_BACK);
  },
);

unreached("a process of the trial that is killed", async ({ host, cable, creating }) => {
  host.failAt({ kill: "sleep", times: 1 });
  await until(host, "e1000e");
  host.heal();
  cable.fasten();
  await expect(creating).rejects.toThrow(TAKEN_BACK);
});

unreached("a disk that is full takes nothing away from the way back", async ({ host, cable, creating }) => {
  for (const writesUnder of ["/run", "/var"]) host.failAt({ writesUnder, error: "ENOSPC" });
  await until(host, "e1000e");
  cable.fasten();
  await expect(creating).rejects.toThrow(TAKEN_BACK);
  host.heal();
  await createAndDelete(host);
});

unreached(
  "a host that reboots meanwhile is as after any boot, and the next run goes on",
  async ({ host, cable, creating }) => {
    await host.reboot();
    cable.fasten();
    await expect(creating).rejects.toThrow("it is not known how far this got: the host went down");
    await createAndDelete(host);
  },
);
