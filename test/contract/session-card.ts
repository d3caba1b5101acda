import { setTimeout as delay } from "node:timers/promises";
import { Deployment } from "./deployment";
import { driverOf, output, type TestHost } from "./test-host";

/** The network card of the lab host that carries the SSH session. */
const SESSION_CARD = "0000:00:03.0";

/**
 * The network as people see it, without the numbers of interfaces and what counts down or names who set it. Set up by the
 * network's own manager, an address may come before the last route.
 */
const NETWORK = `{
ip -o -4 addr | sed 's/^[0-9]*: //; s/\\\\.*//; s/ dynamic//; s/ metric [0-9]*//; s/ brd [0-9.]*//'
ip -4 route show table all | sed 's/ proto [a-z]*//; s/ metric [0-9]*//'
for link in /sys/class/net/*/master; do [ ! -e "$link" ] || echo "$link $(readlink "$link")"; done
} | sed 's/  */ /g; s/ $//' | sort`;

/**
 * Gives the network card of the SSH session away, against all guards: the host takes it back by itself, its network is as
 * before, and nothing is left to undo. `beside`: an AssignableDevice that is made in the same apply.
 */
export async function giveSessionCardAway(
  host: TestHost,
  confirmSeconds: number,
  beside?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const before = await output(host, NETWORK);
  const run = new Deployment({ ...host, safety: { confirmSeconds } });
  const card = { device: SESSION_CARD, allow: ["ssh-route", "host-network"] };
  const [taken, other] = await Promise.allSettled(
    [card, ...(beside ? [beside] : [])].map((given, at) => run.create("AssignableDevice", given, `device-${at}`)),
  );
  expect(other?.status).not.toBe("fulfilled");
  expect(String(taken?.status === "rejected" && taken.reason)).toMatch(
    new RegExp(
      `the host could not be reached after ${SESSION_CARD} left e1000e.*; it took the change back by itself after ${confirmSeconds} s`,
    ),
  );
  expect(await driverOf(host, SESSION_CARD)).toBe("e1000e");
  // The network's own manager may still be at work.
  for (const giveUp = Date.now() + 60_000; (await output(host, NETWORK)) !== before && Date.now() < giveUp; )
    await delay(2000);
  expect(await output(host, NETWORK)).toBe(before);
  expect(await output(host, "find /var/lib/pulumi-pci-passthrough -type f 2> /dev/null || true")).toBe("");
}

/** Runs a script as root that the connection which starts it may not outlive. */
export async function runDetached(host: TestHost, script: string): Promise<void> {
  await output(host, `systemd-run --quiet /bin/sh -c '${script.replaceAll("'", "'\\''")}'`);
}
