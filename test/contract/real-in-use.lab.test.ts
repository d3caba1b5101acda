import { WEB_CONFIG } from "../../simulator/profiles/debian-xl-in-use";
import { bootLab } from "../lab/lab-host";
import { type HostInUse, inUseContract } from "./in-use-contract";
import { output, type TestHost } from "./test-host";

// Under QEMU's emulation of Xen a program of the host crashes now and then; what fails twice, on a host of its own, is ours.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

inUseContract(async () => prepared(await bootLab({ mode: "xen" })), { timeoutMs: 30 * 60_000 });

const STICK = "until [ -e /dev/sda ]; do sleep 1; done";
const BRIDGE_PORT = "ip link set enp1s0f1 up master xenbr0";

/** Puts the devices of a new host to use: see `debian-xl-in-use`, which has it all. */
async function prepared(host: TestHost): Promise<HostInUse> {
  await output(
    host,
    `set -e
pvcreate -qq /dev/nvme0n1
vgcreate -qq vg0 /dev/nvme0n1
lvcreate -qq -W n -n web -L 16M vg0
ip link add xenbr0 type bridge
ip link set xenbr0 up
${BRIDGE_PORT}
${STICK}
mkfs.ext4 -q -O ^has_journal /dev/sda
mkdir -p /media/stick
cat > /etc/xen/web.cfg << 'END'
${WEB_CONFIG}END
cat > /usr/local/sbin/xl << 'END'
#!/bin/sh
[ "$1" != pci-assignable-add ] || [ ! -e /run/slow ] || sleep "$(cat /run/slow)"
exec /usr/sbin/xl "$@"
END
chmod +x /usr/local/sbin/xl
xl create /etc/xen/web.cfg`,
  );
  return {
    ...host,
    slowDown: async (seconds) =>
      void (await output(host, seconds > 0 ? `echo ${seconds} > /run/slow` : "rm /run/slow")),
    async takeUpDevices() {
      // A volume that a guest still had keeps the device that is gone: then the volume group is made active anew.
      await output(host, `vgchange -qq -an vg0; vgchange -qq -ay vg0; ${BRIDGE_PORT}; ${STICK}`);
    },
  };
}
