import { bootLab } from "../lab/lab-host";
import { expectCommandsToWork } from "./commands";
import { libvirtContract, MAKE_GUESTS } from "./libvirt";
import { giveSessionCardAway, runDetached } from "./session-card";
import { output } from "./test-host";

const test = libvirtContract(() => bootLab({ mode: "kvm", prepare: MAKE_GUESTS }), { timeoutMs: 30 * 60_000 });

/** The bridge has the card's address, so that the card is named by the one that it always has (systemd.link(5)). */
const BRIDGE = `cd /etc/systemd/network
printf '[Match]\\nPermanentMACAddress=52:54:00:12:34:56\\n\\n[Link]\\nName=mgmt0\\n' > 10-mgmt0.link
printf '[NetDev]\\nName=br0\\nKind=bridge\\nMACAddress=52:54:00:12:34:56\\n' > 11-br0.netdev
printf '[Match]\\nName=br0\\n\\n[Network]\\nDHCP=ipv4\\n\\n[DHCPv4]\\nClientIdentifier=mac\\n' > 11-br0.network
printf '[Match]\\nName=mgmt0\\n\\n[Network]\\nBridge=br0\\n' > 10-mgmt0.network
udevadm control --reload
networkctl reload
networkctl reconfigure mgmt0`;

test("the commands of the bin read it, and give back what a stack that is gone has made", expectCommandsToWork);

test("the network card of the SSH session comes back from vfio-pci by itself, into its bridge", async (host) => {
  await runDetached(host, BRIDGE);
  await output(host, "until ip route | grep -q 'default.* br0'; do sleep 1; done");
  await giveSessionCardAway(host, 20);
});
