import { setTimeout as delay } from "node:timers/promises";
import { bootLab } from "../lab/lab-host";
import { Deployment } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

/** The network card of the SSH session, and one that nothing needs. */
const MANAGEMENT = "0000:00:03.0";
const NIC = "0000:01:00.0";
const ALLOW = ["ssh-route", "host-network"];

/** The network as people see it, without the numbers of interfaces and what counts down. */
const NETWORK = `{
ip -o addr | sed 's/^[0-9]*: //; s/\\\\.*//'
ip route show table all
ip -6 route show table all | sed 's/ expires [^ ]*//'
ls -l /sys/class/net/*/master 2> /dev/null | sed 's/.* \\/sys/\\/sys/'
} | sed 's/  */ /g; s/ $//' | sort`;

const testsOn = (mode: "xen" | "kvm") =>
  testsOnOneHost({ start: () => bootLab({ mode }), snapshot, timeoutMs: 30 * 60_000 });

const onTrial = (host: TestHost, confirmSeconds: number) =>
  new Deployment({ ...host, safety: { confirm: "when-taking", confirmSeconds } });

async function losesManagement(host: TestHost, confirmSeconds: number): Promise<void> {
  const before = await output(host, NETWORK);
  const begun = Date.now();
  await expect(
    onTrial(host, confirmSeconds).create("AssignableDevice", { device: MANAGEMENT, allow: ALLOW }),
  ).rejects.toThrow(
    `the host could not be reached after ${MANAGEMENT} left e1000e; it took the change back by itself after ${confirmSeconds} s`,
  );
  console.info(
    `back ${Math.round((Date.now() - begun) / 1000)} s after the beginning, on trial for ${confirmSeconds} s`,
  );
  expect(await driverOf(host, MANAGEMENT)).toBe("e1000e");
  // An address by IPv6 autoconfiguration comes with the next advertisement of the router.
  for (const giveUp = Date.now() + 60_000; (await output(host, NETWORK)) !== before && Date.now() < giveUp; )
    await delay(2000);
  expect(await output(host, NETWORK)).toBe(before);
}

describe("Xen", () => {
  const test = testsOn("xen");

  test("a device that nothing needs is confirmed, and given back without a trial", async (host) => {
    const nic = await onTrial(host, 60).create("AssignableDevice", { device: NIC });
    expect(nic.outs).toMatchObject({ active: true });
    expect(await driverOf(host, NIC)).toBe("pciback");
    await onTrial(host, 60).delete(nic);
  });

  test("the network card of the SSH session comes back by itself", (host) => losesManagement(host, 60));

  test("so it does as the port of a bridge that has the address", async (host) => {
    await output(
      host,
      `cd /etc/systemd/network
mkdir -p /root/network && cp -a . /root/network
rm -f *.network
printf '[Match]\\nName=mgmt0\\n[Network]\\nBridge=xenbr0\\n' > 10-mgmt0.network
printf '[NetDev]\\nName=xenbr0\\nKind=bridge\\nMACAddress=52:54:00:12:34:56\\n' > 11-xenbr0.netdev
printf '[Match]\\nName=xenbr0\\n[Network]\\nDHCP=ipv4\\n[DHCPv4]\\nClientIdentifier=mac\\n' > 11-xenbr0.network
systemd-run --quiet sh -c 'networkctl reload; networkctl reconfigure mgmt0'
sleep 20`,
    );
    await output(host, "[ -e /sys/class/net/xenbr0/brif/mgmt0 ]");
    await losesManagement(host, 30);
    await output(host, "cd /etc/systemd/network && rm -f * && cp -a /root/network/. . && rm -rf /root/network");
  });
});

describe("KVM", () => {
  const test = testsOn("kvm");

  test("the network card of the SSH session comes back from vfio-pci by itself", (host) => losesManagement(host, 30));
});
