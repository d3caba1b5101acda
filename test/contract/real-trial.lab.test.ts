import { setTimeout as delay } from "node:timers/promises";
import { bootLab } from "../lab/lab-host";
import { Deployment } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

/** The network card of the SSH session, and one that nothing needs. */
const MANAGEMENT = "0000:00:03.0";
const NIC = "0000:01:00.0";
const ALLOW = ["ssh-route", "host-network"];

/** The network as people see it, without the numbers of interfaces and what counts down or names who set it. */
const NETWORK = `{
ip -o -4 addr | sed 's/^[0-9]*: //; s/\\\\.*//; s/ dynamic//; s/ metric [0-9]*//'
ip -4 route show table all | sed 's/ proto [a-z]*//; s/ metric [0-9]*//'
} | sed 's/  */ /g; s/ $//' | sort`;

const test = testsOnOneHost({ start: () => bootLab({ mode: "xen" }), snapshot, timeoutMs: 30 * 60_000 });

const onTrial = (host: TestHost, confirmSeconds: number) =>
  new Deployment({ ...host, safety: { confirm: "when-taking", confirmSeconds } });

test("a device that nothing needs is confirmed, and given back without a trial", async (host) => {
  const nic = await onTrial(host, 60).create("AssignableDevice", { device: NIC });
  expect(nic.outs).toMatchObject({ active: true });
  expect(await driverOf(host, NIC)).toBe("pciback");
  await onTrial(host, 60).delete(nic);
});

test("the network card of the SSH session comes back by itself", async (host) => {
  const before = await output(host, NETWORK);
  await expect(onTrial(host, 60).create("AssignableDevice", { device: MANAGEMENT, allow: ALLOW })).rejects.toThrow(
    `the host could not be reached after ${MANAGEMENT} left e1000e; it took the change back by itself after 60 s`,
  );
  expect(await driverOf(host, MANAGEMENT)).toBe("e1000e");
  // The network's own manager may still be at work.
  for (const giveUp = Date.now() + 60_000; (await output(host, NETWORK)) !== before && Date.now() < giveUp; )
    await delay(2000);
  expect(await output(host, NETWORK)).toBe(before);
});
