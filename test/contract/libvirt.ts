import { quote } from "../../provider/shell";
import { Deployment } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { driverOf, output, type TestHost, writeVmConfig } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const NVME = "0000:03:00.0";
const VIRSH = "virsh -c qemu:///system";

/**
 * An emulator in an emulated host is slow at code that it meets for the first time, so the guest boots with little, and
 * with the driver of the network card alone.
 */
const GUEST_BOOT = `console=ttyS0 quiet norandmaps nokaslr mitigations=off init_on_alloc=0 no_timer_check \
cryptomgr.notests ipv6.disable=1 audit=0 apparmor=0 rdinit=/bin/busybox -- \
sh -c "/bin/busybox insmod /lib/modules/e1000e.ko; echo GUEST-UP; exec /bin/busybox sleep 100000"`;
/** A guest of busybox (test/lab/recipe/guest) that QEMU emulates whole, for the lab host has no KVM below it. */
const GUEST = `<domain type='qemu'>
  <name>contract</name>
  <memory unit='KiB'>196608</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>/var/lib/libvirt/images/vmlinuz</kernel>
    <initrd>/var/lib/libvirt/images/guest.img</initrd>
    <cmdline>${GUEST_BOOT}</cmdline>
  </os>
  <features>
    <acpi/>
  </features>
  <devices>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='pci' index='2' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x1'/>
    </controller>
    <controller type='pci' index='3' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x2'/>
    </controller>
    <controller type='usb' model='none'/>
    <serial type='file'>
      <source path='/var/log/contract.log'/>
    </serial>
    <memballoon model='none'/>
  </devices>
</domain>
`;
/** Runs from before the first test on, since it takes the emulated host minutes until it is up. */
const BOOTED = GUEST.replace("<name>contract<", "<name>booted<").replace(
  "/var/log/contract.log",
  "/var/log/booted.log",
);

/** Commands that define a guest. */
export const defineGuest = (virsh: string, xml: string) => `printf %s ${quote(xml)} > /root/new.xml
${virsh} define /root/new.xml
rm /root/new.xml`;

/** What makes the two guests on a host. A simulated one is up at once, and writes no log. */
export const MAKE_GUESTS = `[ ! -e /root/vmlinuz-guest ] || cp /root/vmlinuz-guest /var/lib/libvirt/images/vmlinuz
${defineGuest(VIRSH, GUEST)}
${defineGuest(VIRSH, BOOTED)}
${VIRSH} start booted
[ ! -e /var/log/booted.log ] || until grep -q GUEST-UP /var/log/booted.log; do sleep 5; done`;

/**
 * What a host with libvirt on KVM and the guests does, whichever one it is. Gives `test` for what is to be seen on the same
 * host.
 */
export function libvirtContract(start: () => Promise<TestHost>, options: { readonly timeoutMs: number }) {
  let host: TestHost;

  const inactive = () => output(host, `${VIRSH} dumpxml --inactive contract`);
  const live = () => output(host, `${VIRSH} dumpxml booted`);
  const test = testsOnOneHost({
    ...options,
    snapshot: (snapshotted) =>
      output(
        snapshotted,
        `cd /sys/bus/pci/drivers && ls -d */0000:*; ls -a /var/lib
for guest in contract booted; do ${VIRSH} dumpxml --inactive $guest; done`,
      ),
    start: async () => (host = await start()),
  });

  const wholeGroup = () => new Deployment(host).create("AssignableDevice", { device: NIC, group: true });

  describe("AssignableDevice", () => {
    test("is refused for a part of an IOMMU group, naming the rest", async () => {
      const { failures } = await new Deployment(host).check("AssignableDevice", { device: NIC });
      expect(failures).toEqual([
        {
          property: "device",
          reason: expect.stringMatching(
            /0000:01:00\.0 shares the IOMMU group 8 with 0000:01:00\.1 \(Ethernet controller.*, driver e1000e\), which stays with the host: .*group: true.*allow: \["iommu-group"\]/,
          ),
        },
      ]);
    });

    test("takes the whole group to vfio-pci, and gives every function back to its driver", async () => {
      const nic = await wholeGroup();
      expect(nic.outs.functions.map((shown: { address: string }) => shown.address)).toEqual([NIC, OTHER_NIC]);
      expect(nic.outs).toMatchObject({ active: true, functions: [{ originalDriver: "e1000e" }, { active: true }] });
      expect(await driverOf(host, NIC)).toBe("vfio-pci");
      expect(await driverOf(host, OTHER_NIC)).toBe("vfio-pci");

      await output(host, `${VIRSH} nodedev-reattach pci_0000_01_00_1`);
      const healed = await new Deployment(host).update(nic, { device: NIC, group: true });
      expect(healed?.outs).toMatchObject({ active: true });
      expect(await new Deployment(host).update(nic, { device: NIC, group: true })).toBeUndefined();
      await new Deployment(host).delete(nic);
    });

    test("takes a function by sysfs where the program names another stub driver than libvirt's", async () => {
      const nvme = await new Deployment(host).create("AssignableDevice", { device: NVME, driver: "pci-stub" });
      expect(await driverOf(host, NVME)).toBe("pci-stub");
      await new Deployment(host).delete(nvme);
    });
  });

  describe("VmPciAttachment", () => {
    test("changes the configuration in one hostdev, which libvirt manages, and takes it back", async () => {
      const before = await inactive();
      const attachment = await new Deployment(host).create("VmPciAttachment", { device: NVME, vm: "contract" });
      expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "none" });
      const after = await inactive();
      const hostdev = /^ {4}<hostdev mode='subsystem' type='pci' managed='yes'>[\s\S]*?<\/hostdev>\n/m;
      expect(hostdev.exec(after)?.[0]).toContain("<address domain='0x0000' bus='0x03' slot='0x00' function='0x0'/>");
      expect(after.replace(hostdev, "")).toBe(before);

      await output(host, `${VIRSH} start contract`);
      expect(await driverOf(host, NVME)).toBe("vfio-pci");
      expect((await new Deployment(host).read(attachment))?.outs).toMatchObject({ active: true, pending: "none" });
      await output(host, `${VIRSH} destroy contract`);
      expect(await driverOf(host, NVME)).toBe("nvme");
      await new Deployment(host).delete(attachment);
      expect(await inactive()).toBe(before);
    });

    test("takes the root port back that libvirt makes for a guest without a free one", async () => {
      const crowded = GUEST.replace(/ {4}<controller type='pci' index='[123]'[\s\S]*?<\/controller>\n/g, "");
      const name = "<name>contract</name>";
      await writeVmConfig(host, "/root/crowded.xml", crowded.replace(name, "<name>crowded</name>"));
      await output(host, `${VIRSH} define /root/crowded.xml`);
      const before = await output(host, `${VIRSH} dumpxml --inactive crowded`);
      const attachment = await new Deployment(host).create("VmPciAttachment", { device: NVME, vm: "crowded" });
      expect(await output(host, `${VIRSH} dumpxml --inactive crowded`)).toContain("model='pcie-root-port'");
      await new Deployment(host).delete(attachment);
      expect(await output(host, `${VIRSH} dumpxml --inactive crowded`)).toBe(before);
      await output(host, `${VIRSH} undefine crowded`);
    });

    test("leaves a device that somebody attached before, and adopts it", async () => {
      const byHand = `<hostdev mode="subsystem" type="pci" managed="yes"><source><address domain="0" bus="3" slot="0" function="0"/></source></hostdev>`;
      const change = (command: string) =>
        output(host, `echo '${byHand}' > /root/hand.xml; ${VIRSH} ${command} contract /root/hand.xml --config`);
      await change("attach-device");
      const found = await inactive();
      const preview = new Deployment(host);
      await preview.check("VmPciAttachment", { device: NVME, vm: "contract" });
      expect(preview.lines.join("\n")).toContain("in its configuration already: adopted as found");
      const attachment = await new Deployment(host).create("VmPciAttachment", { device: NVME, vm: "contract" });
      await new Deployment(host).delete(attachment);
      expect(await inactive()).toBe(found);
      await change("detach-device");
    });

    test("hot-plugs an assignable device into the running VM, and out again", async () => {
      const nic = await wholeGroup();
      const attachment = await new Deployment(host).create("VmPciAttachment", { device: NIC, vm: "booted" });
      expect(attachment.outs).toMatchObject({ configured: true, active: true, pending: "none" });
      expect(await live()).toMatch(/<hostdev mode='subsystem' type='pci' managed='no'>/);
      await expect(new Deployment(host).delete(nic)).rejects.toThrow(/the VM "booted" \(running\) has 0000:01:00\.0/);

      await output(host, `${VIRSH} suspend booted`);
      await expect(new Deployment(host).delete(attachment)).rejects.toThrow(/the VM "booted" is paused/);
      await output(host, `${VIRSH} resume booted`);
      await new Deployment(host).delete(attachment);
      expect(await live()).not.toContain("<hostdev");
      expect(await driverOf(host, NIC)).toBe("vfio-pci");
      await output(host, `${VIRSH} destroy booted`);
      await new Deployment(host).delete(nic);
    });

    test("waits for the restart where libvirt could not hot-plug a part of a group", async () => {
      await output(host, `${VIRSH} start contract`);
      const preview = new Deployment(host);
      const allowed = { device: "0000:01:00", vm: "contract" };
      await preview.check("VmPciAttachment", allowed);
      expect(preview.lines.join("\n")).toMatch(/gets it at its next start: 0000:01:00\.0 shares the IOMMU group 8/);
      const attachment = await new Deployment(host).create("VmPciAttachment", allowed);
      expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "vm-restart" });
      await output(host, `${VIRSH} destroy contract; ${VIRSH} start contract`);
      expect((await new Deployment(host).read(attachment))?.outs).toMatchObject({ active: true, pending: "none" });
      await output(host, `${VIRSH} destroy contract`);
      await new Deployment(host).delete(attachment);
    });

    const refused: readonly [string, Record<string, unknown>, RegExp][] = [
      [
        "a VM that is not there",
        { vm: "none" },
        /the host has no VM "none"\. Set vm to a name or a uuid\. The VMs of \S+ are .*"contract"/,
      ],
      ["a file", { vm: "/etc/libvirt/qemu/contract.xml" }, /libvirt manages the files of its VMs itself/],
    ];
    for (const [what, given, reason] of refused) {
      test(`refuses ${what}`, async () => {
        const { failures } = await new Deployment(host).check("VmPciAttachment", { device: NVME, ...given });
        expect(failures[0]?.reason).toMatch(reason);
      });
    }
  });
  return test;
}
