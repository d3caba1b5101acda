import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Guard } from "../../provider/plan/guards/guard-name";
import { Cable } from "./cable";
import { Deployment, type Kind } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "./test-host";

/** A host whose devices are in use, as `debian-xl-in-use` says: the guest web runs, the stick is not mounted. */
export interface HostInUse extends TestHost {
  /** Makes `xl pci-assignable-add` take so many seconds longer. */
  slowDown(seconds: number): Promise<void>;
  /** What a person does when a device is back: volume groups and bridges do not take it up again by themselves. */
  takeUpDevices(): Promise<void>;
}

const NIC = "0000:01:00.0";
const BRIDGED = "0000:01:00.1";
const USB = "0000:02:00.0";
const DISK = "0000:03:00.0";
const LABELS: Readonly<Record<string, string>> = {
  [BRIDGED]: "Ethernet controller: Intel Corporation 82574L Gigabit Network Connection",
  [USB]: "USB controller: Red Hat, Inc. QEMU XHCI Host Controller (rev 01)",
  [DISK]: "Non-Volatile memory controller: Red Hat, Inc. QEMU NVM Express Controller (rev 02)",
};

const MOUNT = "mount -t ext4 /dev/sda /media/stick";
const UNMOUNT = "umount /media/stick";

/** What guards say: of the disk by its volume and its guest, of the NIC by its bridge and the port of the guest. */
const VOLUME: Evidence = [
  "mounted-storage",
  "carries nvme0n1, which the host uses for the logical volume vg0-web. Take the disk out of it first, or wipe it (wipefs)",
];
const GUEST_DISK: Evidence = [
  "mounted-storage",
  'carries /dev/vg0/web, which is a disk of the VM "web". Remove it there first',
];
const BRIDGE: Evidence = [
  "host-network",
  "is the network interface enp1s0f1, which xenbr0 sends through for guests (vif1.0): the host would lose it",
];
const STICK: Evidence = ["mounted-storage", "carries sda, which the host uses for /media/stick. Unmount it first"];
const KEYBOARD: Evidence = [
  "console-input",
  'has the keyboard "QEMU QEMU USB Keyboard": the host would have no keyboard',
];

type Evidence = readonly [guard: Guard, text: string];

/** What becomes of devices that are in use, and of a run that is interrupted, whichever host it is. */
export function inUseContract(start: () => Promise<HostInUse>, options: { readonly timeoutMs: number }): void {
  let host: HostInUse;
  const test = testsOnOneHost({
    ...options,
    snapshot,
    async start() {
      host = await start();
      return host;
    },
  });

  /** All that preview says against it, word for word; domain ids and numbers of NVMe disks grow while a host runs. */
  const expectRefused = async (
    kind: Kind,
    given: { readonly device: string; readonly [more: string]: unknown },
    purpose: string,
    evidence: readonly Evidence[],
  ) => {
    const { failures } = await new Deployment(host).check(kind, given);
    const alike = (text: string) => text.replace(/\bvif\d+\./g, "vif1.").replace(/\bnvme0n\d+/g, "nvme0n1");
    expect(failures.map(({ reason }) => alike(reason))).toEqual(
      evidence.map(
        ([guard, text]) =>
          `Unable to ${purpose} on ${host.address}: ${given.device} (${LABELS[given.device]}) ${text}. If this is intended, add allow: ["${guard}"].`,
      ),
    );
  };

  describe("a device that is in use is refused", () => {
    test("a disk with a logical volume that nothing mounts, and that a guest has", () =>
      expectRefused("AssignableDevice", { device: DISK }, `make ${DISK} assignable`, [VOLUME, GUEST_DISK]));

    test("the same disk, to be hidden at boot", () =>
      expectRefused("HiddenPciDevice", { device: DISK }, `hide ${DISK} at boot`, [VOLUME, GUEST_DISK]));

    test("a network card under a bridge with a guest on it", () =>
      expectRefused("AssignableDevice", { device: BRIDGED }, `make ${BRIDGED} assignable`, [BRIDGE]));

    test("the same card, for a VM that seizes it when it starts", () =>
      expectRefused(
        "VmPciAttachment",
        { device: BRIDGED, vm: "web", seize: true },
        `attach ${BRIDGED} to the VM "web"`,
        [BRIDGE],
      ));

    test("the USB controller of a mounted disk, though the keyboard may go", async () => {
      await output(host, MOUNT);
      const given = { device: USB, allow: ["console-input"] };
      await expectRefused("AssignableDevice", given, `make ${USB} assignable`, [STICK]);
      await output(host, UNMOUNT);
    });

    test("the USB controller of the keyboard, though the disk may go", async () => {
      await output(host, MOUNT);
      const given = { device: USB, allow: ["mounted-storage"] };
      await expectRefused("AssignableDevice", given, `make ${USB} assignable`, [KEYBOARD]);
      await output(host, UNMOUNT);
    });
  });

  describe("where the program allows it, it goes, and comes back", () => {
    const goes = async (device: string, allow: readonly Guard[], whileAway?: string) => {
      const driver = await driverOf(host, device);
      const taken = await new Deployment(host).create("AssignableDevice", { device, allow });
      expect(taken.outs).toMatchObject({ active: true, functions: [{ address: device, originalDriver: driver }] });
      expect(await driverOf(host, device)).toBe("pciback");
      if (whileAway !== undefined) await output(host, whileAway);
      await new Deployment(host).delete(taken);
      expect(await driverOf(host, device)).toBe(driver);
      await host.takeUpDevices();
    };

    test("the disk of a volume group", async () => {
      await goes(DISK, ["mounted-storage"], "xl destroy web");
      await output(host, "xl create /etc/xen/web.cfg");
    });

    test("a port of a bridge", () => goes(BRIDGED, ["host-network"]));

    test("the USB controller", async () => {
      await output(host, MOUNT);
      await goes(USB, ["mounted-storage", "console-input"], UNMOUNT);
    });
  });

  test("a VM that was started between preview and up keeps its disk", async () => {
    const run = new Deployment(host);
    const given = { device: USB, allow: ["console-input"] };
    expect((await run.check("AssignableDevice", given)).failures).toEqual([]);
    const guest = `kernel = "/root/vmlinuz-guest"\nramdisk = "/root/guest.img"\nmemory = 128\n`;
    await writeVmConfig(host, "/root/late.cfg", `name = "late"\n${guest}disk = [ 'phy:/dev/sda,xvda,w' ]\n`);
    await output(host, "xl create /root/late.cfg");
    await expect(run.create("AssignableDevice", given)).rejects.toThrow(
      /carries \/dev\/sda, which is a disk of the VM "late"/,
    );
    expect(await driverOf(host, USB)).toBe("xhci_hcd");
    await output(host, "xl destroy late; rm /root/late.cfg");
  });

  describe("a run that is interrupted in an apply", () => {
    const claimIsWritten = async () => {
      while (!(await output(host, "find /var/lib/pulumi-pci-passthrough || true")).includes(NIC)) await delay(100);
    };

    test("a provider that is killed leaves what the next run goes on from", async () => {
      await host.slowDown(20);
      const { address, port, user, identityFile, hostKey } = host;
      const login = JSON.stringify({ address, port, user, identityFile, hostKey });
      const provider = spawn(process.execPath, [path.join(__dirname, "killed-provider.js"), login, NIC], {
        stdio: "inherit",
      });
      const exit = once(provider, "exit");
      await Promise.race([
        claimIsWritten(),
        exit.then(() => Promise.reject(new Error("the provider ended by itself"))),
      ]);
      provider.kill("SIGKILL");
      await exit;
      expect(await driverOf(host, NIC)).toBe("e1000e");
      await host.slowDown(0);

      const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
      expect(nic.outs).toMatchObject({ active: true, pending: "none", functions: [{ originalDriver: "e1000e" }] });
      expect(await driverOf(host, NIC)).toBe("pciback");
      expect(await new Deployment(host).update(nic, { device: NIC })).toBeUndefined();
      await new Deployment(host).delete(nic);
      expect(await driverOf(host, NIC)).toBe("e1000e");
    });

    test("a connection that is cut loses nothing: the result is fetched, and the next run finds it done", async () => {
      const cable = await Cable.plugIn(host.port);
      await host.slowDown(20);
      const reached = { ...host, port: cable.port };
      const creating = new Deployment(reached).create("AssignableDevice", { device: NIC });
      await claimIsWritten();
      expect(await driverOf(host, NIC)).toBe("e1000e");
      cable.pull();
      const nic = await creating;
      await host.slowDown(0);
      expect(nic.outs).toMatchObject({ active: true, pending: "none", functions: [{ originalDriver: "e1000e" }] });
      expect(await driverOf(host, NIC)).toBe("pciback");

      expect((await new Deployment(reached).read(nic))?.outs).toMatchObject({ active: true });
      expect(await new Deployment(reached).update(nic, { device: NIC })).toBeUndefined();
      await new Deployment(reached).delete(nic);
      expect(await driverOf(host, NIC)).toBe("e1000e");
      await cable.takeOut();
    });
  });
}
