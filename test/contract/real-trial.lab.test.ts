import { bootLab } from "../lab/lab-host";
import { Deployment } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { giveSessionCardAway, runDetached } from "./session-card";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";
const NVME = "0000:03:00.0";

const test = testsOnOneHost({ start: () => bootLab({ mode: "xen" }), snapshot, timeoutMs: 30 * 60_000 });

test("a device that nothing needs is confirmed, and given back without a trial", async (host) => {
  const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
  expect(nic.outs).toMatchObject({ active: true });
  expect(await driverOf(host, NIC)).toBe("pciback");
  await new Deployment(host).delete(nic);
});

test("the network card of the SSH session comes back by itself", (host) => giveSessionCardAway(host, 20));

/**
 * Nobody manages this network, so that the way back has to set all of it. The host keeps its address. udev gives a new
 * bond and bridge other MAC addresses, and is waited for: QEMU goes on to send to the one that it has heard of (seen with
 * slirp). The console has what failed, since nobody else may hear of it.
 */
const BY_HAND = `exec 2> /dev/console
set -x
systemctl stop systemd-networkd.socket systemd-networkd
modprobe bonding max_bonds=0
ip link add bond0 type bond mode active-backup miimon 100
ip link add br0 type bridge
udevadm settle
for nic in mgmt0 enp1s0f0; do
  ip addr flush dev $nic
  ip link set $nic down
  ip link set $nic master bond0
done
echo mgmt0 > /sys/class/net/bond0/bonding/primary
ip link set bond0 master br0
ip link set br0 up
ip link set bond0 up
ip addr add 10.0.2.15/24 brd + dev br0
ip route add default via 10.0.2.2
ip link add link bond0 name bond0.100 type vlan id 100
ip addr add 192.168.100.1/24 dev bond0.100
ip link set bond0.100 up
ip link add link mgmt0 name mgmt0.7 type vlan id 7
ip addr add 192.168.7.1/24 dev mgmt0.7
ip link set mgmt0.7 up
ip route add 10.77.0.0/16 via 192.168.7.254`;

/** What happens to a host at the worst time: its clock is set, and logind ends the session with all of its processes. */
const MISCHIEF = `until [ -e /var/run/pulumi-pci-passthrough/trial/*/ended ]; do sleep 1; done
sleep 3
date -s "+1 day"
loginctl terminate-user admin
date -s "-2 days"`;

test("under a bond, a bridge and VLANs too, with a disk that is mounted, whatever becomes of clock and session", async (lab) => {
  await output(
    lab,
    `useradd --create-home admin && cp -r /root/.ssh /home/admin/ && chown -R admin: /home/admin/.ssh &&
echo 'admin ALL=(root) NOPASSWD: /bin/sh' > /etc/sudoers.d/admin && grep use_pty /etc/sudoers &&
mkdir -p /etc/systemd/logind.conf.d && printf '[Login]\\nKillUserProcesses=yes\\n' > /etc/systemd/logind.conf.d/kill.conf &&
systemctl restart systemd-logind &&
mkfs.ext4 -q /dev/nvme0n1 && mkdir /srv/kept && mount -o noatime /dev/nvme0n1 /srv/kept && echo text > /srv/kept/file && sync`,
  );
  await runDetached(lab, BY_HAND);
  await output(lab, "until ip route | grep -q 10.77.0.0; do sleep 1; done");
  await runDetached(lab, MISCHIEF);
  const host: TestHost = { ...lab, user: "admin", sudo: true };
  await giveSessionCardAway(host, 20, { device: NVME, allow: ["mounted-storage"] });
  expect(await output(lab, "cat /srv/kept/file && grep /srv/kept /proc/mounts")).toMatch(/^text\n.* ext4 rw,noatime/);
  await output(lab, "umount /srv/kept");
});
