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
 * How much longer than for the confirmation a host may be away, in seconds. The lab's Xen host took 27 s beside a busy
 * machine, and a busier one is slower.
 */
const WAY_BACK_SECONDS = 120;

/**
 * Runs on the host from before the change on, and writes down for how many seconds of its uptime the card or something of
 * its network was away. The network's own manager may be at work for a while; after five minutes nothing more comes back,
 * and the console has what is there then.
 */
const WATCH = `network() {
${NETWORK}
}
rm -f /run/away
network > /run/network-before
card=/sys/bus/pci/drivers/e1000e/${SESSION_CARD}
echo > /run/watching
while [ -e $card ]; do sleep 0.2; done
read -r left idle < /proc/uptime
now=$left
until [ -e $card ] && network > /run/network-now && cmp -s /run/network-before /run/network-now; do
  read -r now idle < /proc/uptime
  if [ $(echo $now | cut -d . -f 1) -ge $(( $(echo $left | cut -d . -f 1) + 300 )) ]; then
    { ps --ppid 2 -p 2 --deselect -o pid,ppid,args; find /var/run/pulumi-pci-passthrough; ip -o link; diff /run/network-before /run/network-now; } > /dev/console 2>&1
    break
  fi
  sleep 0.5
done
read -r now idle < /proc/uptime
echo $left $now > /run/away`;

/**
 * Gives the network card of the SSH session away, against all guards: the host takes it back by itself, its network is as
 * before in time, and nothing is left to undo. `beside`: an AssignableDevice that is made in the same apply.
 */
export async function giveSessionCardAway(
  host: TestHost,
  confirmSeconds: number,
  beside?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const before = await output(host, NETWORK);
  await runDetached(host, WATCH);
  await output(host, "until [ -e /run/watching ]; do sleep 1; done; rm /run/watching");
  const run = new Deployment({ ...host, safety: { confirmSeconds } });
  const card = { device: SESSION_CARD, allow: ["ssh-route", "host-network"] };
  const [taken, other] = await Promise.allSettled(
    [card, ...(beside ? [beside] : [])].map((given, index) => run.create("AssignableDevice", given, `device-${index}`)),
  );
  expect(other?.status).not.toBe("fulfilled");
  expect(String(taken?.status === "rejected" && taken.reason)).toMatch(
    new RegExp(
      `the host could not be reached after ${SESSION_CARD} left e1000e.*; it took the change back by itself after ${confirmSeconds} s`,
    ),
  );
  expect(await driverOf(host, SESSION_CARD)).toBe("e1000e");
  const [left, back] = (await output(host, "until [ -e /run/away ]; do sleep 1; done; cat /run/away")).split(" ");
  expect(await output(host, NETWORK)).toBe(before);
  expect(Number(back) - Number(left)).toBeLessThanOrEqual(confirmSeconds + WAY_BACK_SECONDS);
  expect(await output(host, "find /var/lib/pulumi-pci-passthrough -type f 2> /dev/null || true")).toBe("");
}

/** Runs a script as root that the connection which starts it may not outlive. */
export async function runDetached(host: TestHost, script: string): Promise<void> {
  await output(host, `systemd-run --quiet /bin/sh -c '${script.replaceAll("'", "'\\''")}'`);
}
