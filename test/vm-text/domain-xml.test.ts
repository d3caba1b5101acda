import fc from "fast-check";
import { parsePciAddress } from "../../provider/pci/address";
import { formatHostdev, formatSourceAddress, type Hostdev } from "../../provider/vm-text/domain-hostdev";
import { readDomainXml, splitDomainXmls, UnreadableDomainXml } from "../../provider/vm-text/domain-xml";
import { addresses } from "../pci/arbitrary";

const domain = (devices: string, name = "vm", more = "") =>
  `<domain type='kvm' id='3'>\n  <name>${name}</name>\n  <uuid>34138775-b440-45f8-883a-f2520e0acbf2</uuid>\n  <os>\n    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n  </os>\n  <devices>\n${devices}\n  </devices>\n${more}</domain>\n`;
const read = (devices: string, more = "") => readDomainXml(domain(devices, "vm", more));

const numbers: readonly [string, string, string][] = [
  ["hexadecimal with 0x", "domain='0x0000' bus='0x1a' slot='0x10' function='0x7'", "0000:1a:10.7"],
  ["decimal without", "domain='0' bus='26' slot='16' function='7'", "0000:1a:10.7"],
  ["both, as people mix them", "domain='0x0' bus='10' slot='0x10' function='0'", "0000:0a:10.0"],
  ["octal after a 0, as C reads it", "bus='010' slot='0' function='0'", "0000:08:00.0"],
  ["what is left out is 0", "bus='0x04'", "0000:04:00.0"],
  ["a segment of five digits", "domain='0x10000' bus='0xe1' slot='0x00' function='0x0'", "10000:e1:00.0"],
];
test.each(numbers)("addresses: %s", (_, attributes, address) => {
  const [hostdev] = read(
    `<hostdev mode='subsystem' type='pci'><source><address ${attributes}/></source></hostdev>`,
  ).hostdevs;
  expect(hostdev).toMatchObject({ address, managed: false, permissive: false });
});

const SOURCE = "<source><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>";
const elements: readonly [string, string, number][] = [
  ["a hostdev of PCI", `<hostdev mode='subsystem' type='pci' managed='yes'>${SOURCE}</hostdev>`, 1],
  ["an interface that is a PCI function", `<interface type='hostdev' managed='yes'>${SOURCE}</interface>`, 1],
  ["a USB device", "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/></source></hostdev>", 0],
  ["a mediated device", "<hostdev mode='subsystem' type='mdev'><source><address uuid='x'/></source></hostdev>", 0],
  ["a capability of a container", `<hostdev mode='capabilities' type='pci'>${SOURCE}</hostdev>`, 0],
  ["an interface of a network", "<interface type='network'><source network='default'/></interface>", 0],
  ["a comment", `<!-- <hostdev mode='subsystem' type='pci'>${SOURCE}</hostdev> -->`, 0],
  ["an NVMe disk", `<disk type='nvme' device='disk'>${SOURCE}<target dev='vde' bus='virtio'/></disk>`, 1],
];
test.each(elements)("%s", (_, text, count) => {
  expect(read(text)).toMatchObject({ hostdevs: { length: count }, unreadable: [] });
});

const odd: readonly [string, string, readonly string[]][] = [
  [
    "an address without numbers",
    `<hostdev mode='subsystem' type='pci'>${SOURCE}</hostdev><hostdev mode='subsystem' type='pci'><source><address bus='x'/></source></hostdev>`,
    ["<hostdev> 2"],
  ],
  ["a hostdev without a source", "<hostdev mode='subsystem' type='pci'/>", ["<hostdev> 1"]],
  ["an NVMe disk without an address", "<disk type='nvme'><source type='pci' namespace='1'/></disk>", ["<disk> 1"]],
  ["two sources of a disk", "<disk type='block'><source dev='/dev/sdb'/><source dev='/dev/sdc'/></disk>", ["<disk> 1"]],
];
test.each(odd)("a hostdev that could be any device of the host is unreadable: %s", (_, text, unreadable) => {
  expect(read(text)).toMatchObject({ unreadable });
});

// libvirt writes two <source> for UDP (tests/genericxml2xmlindata/chardev-udp.xml, 0.9).
const UDP =
  "<source mode='bind' host='127.0.0.1' service='1111'/><source mode='connect' host='127.0.0.1' service='9999'/>";
const harmless: readonly [string, string][] = [
  ["a serial port over UDP", `<serial type='udp'>${UDP}<target port='0'/></serial>`],
  ["a console over UDP", `<console type='udp'>${UDP}<target type='virtio' port='1'/></console>`],
  ["a channel over UDP", `<channel type='udp'>${UDP}<target type='virtio' name='x'/></channel>`],
  ["a device with two addresses", "<rng model='virtio'><address type='pci' slot='0x5'/><address type='x'/></rng>"],
  ["a controller of another shape", "<controller type='pci' index='1'/><controller>text</controller>"],
  ["an odd place in the guest", "<video><address type='pci' bus='zero' slot='?'/></video>"],
];
test.each(harmless)("an element that nobody asks for does not make a VM unreadable: %s", (_, text) => {
  expect(read(`${text}<hostdev mode='subsystem' type='pci'>${SOURCE}</hostdev>`)).toMatchObject({
    hostdevs: [{ address: "0000:01:00.0" }],
    unreadable: [],
  });
});

const commandLine = (...values: string[]) =>
  `<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>${values.map((value) => `<qemu:arg value='${value}'/>`).join("")}<qemu:env name='A' value='host=05:00.0'/></qemu:commandline>`;
const ENV = "0000:05:00.0"; // what looks like a device counts as one
const commandLines: readonly [string, readonly string[], readonly string[], readonly string[]][] = [
  ["a short address", ["-device", "vfio-pci,host=01:00.0,id=x,addr=0x9"], ["0000:01:00.0"], []],
  ["one with a segment", ["-device", "vfio-pci,host=10000:e1:00.0"], ["10000:e1:00.0"], []],
  ["one in JSON", ["-device", '{"driver":"vfio-pci","host":"0000:01:00.1"}'], ["0000:01:00.1"], []],
  ["a path in sysfs", ["-device", "vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:02:00.0"], ["0000:02:00.0"], []],
  ["KVM's old assignment", ["-device", "pci-assign,host=1:0.0"], ["0000:01:00.0"], []],
  ["that of RHEL 5", ["-pcidevice", "host=01:00.0"], ["0000:01:00.0"], []],
  ["QEMU's own NVMe driver", ["-drive", "file=nvme://0000:03:00.0/1,if=none"], ["0000:03:00.0"], []],
  ["a file descriptor", ["-device", "vfio-pci,fd=7"], [], ["<qemu:commandline>"]],
  ["a mediated device", ["-device", "vfio-pci,sysfsdev=/sys/bus/mdev/devices/83b8f4f2"], [], []],
  ["an option of all such devices", ["-global", "vfio-pci.x-no-mmap=on"], [], []],
  ["a MAC address and a forward", ["-nic", "user,mac=52:54:00:12:34:56,hostfwd=tcp:10.0.0.1:22-:22"], [], []],
];
test.each(commandLines)("QEMU's command line gives devices: %s", (_, values, addresses, unreadable) => {
  const quoted = values.map((value) => value.replaceAll('"', "&quot;"));
  const { hostdevs, unreadable: odd } = read("", commandLine(...quoted));
  expect(hostdevs.filter(({ address }) => address !== ENV)).toEqual(
    addresses.map((address) => expect.objectContaining({ address, element: "command-line", managed: false })),
  );
  expect(odd).toEqual(unreadable);
});

const disks: readonly [string, string, readonly object[]][] = [
  [
    "a block device",
    "<disk type='block'><source dev='/dev/vg0/web' index='1'/></disk>",
    [{ kind: "block", path: "/dev/vg0/web" }],
  ],
  [
    "a file",
    "<disk type='file'><source file='/var/lib/a.qcow2'/></disk>",
    [{ kind: "file", path: "/var/lib/a.qcow2" }],
  ],
  [
    "a block device as a file",
    "<disk type='file'><source file='/dev/sdb'/></disk>",
    [{ kind: "block", path: "/dev/sdb" }],
  ],
  [
    "a volume",
    "<disk type='volume'><source pool='lvm' volume='web'/></disk>",
    [{ kind: "volume", pool: "lvm", volume: "web" }],
  ],
  [
    "a disk of a network",
    "<disk type='network'><source protocol='rbd' name='a/b'><host name='m'/></source></disk>",
    [{ kind: "other", type: "network" }],
  ],
  ["an empty drive", "<disk type='file' device='cdrom'><target dev='hda'/></disk>", []],
  [
    "an overlay on a block device, and the copy of it",
    "<disk type='file'><source file='/a.qcow2'/><backingStore type='block' index='2'><format type='raw'/><source dev='/dev/vg0/base'/><backingStore/></backingStore><mirror type='block' job='copy'><source dev='/dev/sdc'/></mirror></disk>",
    [
      { kind: "file", path: "/a.qcow2" },
      { kind: "block", path: "/dev/vg0/base" },
      { kind: "block", path: "/dev/sdc" },
    ],
  ],
];
test.each(disks)("disks: %s", (_, text, expected) => {
  expect(read(text)).toMatchObject({ disks: expected, unreadable: [] });
});

const interfaces: readonly [string, string, readonly object[]][] = [
  ["a bridge", "<interface type='bridge'><source bridge='br0'/></interface>", [{ kind: "bridge", bridge: "br0" }]],
  [
    "macvtap",
    "<interface type='direct'><source dev='eno1' mode='bridge'/></interface>",
    [{ kind: "macvtap", device: "eno1" }],
  ],
  [
    "a network",
    "<interface type='network'><source network='default'/></interface>",
    [{ kind: "network", network: "default" }],
  ],
  [
    "a network of a running VM",
    "<interface type='network'><source network='default' portid='x' bridge='virbr0'/></interface>",
    [{ kind: "bridge", bridge: "virbr0" }],
  ],
  ["one without anything of the host", "<interface type='user'/>", [{ kind: "other", type: "user" }]],
  ["a PCI function", `<interface type='hostdev'>${SOURCE}</interface>`, []],
];
test.each(interfaces)("interfaces: %s", (_, text, expected) => {
  expect(read(text)).toMatchObject({ interfaces: expected, unreadable: [] });
});

test("a hostdev is read with its options, and the guest's addresses with it", () => {
  const { hostdevs, controllers, guestAddresses, machine } = read(`
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='sata' index='0'/>
    <disk type='file' device='disk'><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio' model='mlx5_vfio_pci'/>
      <source writeFiltering='no'>
        <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
      </source>
      <alias name='hostdev0'/>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </hostdev>`);
  expect(hostdevs).toEqual([
    {
      address: "0000:01:00.0",
      element: "hostdev",
      managed: true,
      permissive: true,
      driver: { name: "vfio", model: "mlx5_vfio_pci" },
      guestAddress: { bus: 2, slot: 0, function: 0 },
    },
  ]);
  expect(controllers.map((controller) => [controller.index, controller.model])).toEqual([
    [0, "pcie-root"],
    [1, "pcie-root-port"],
  ]);
  expect(guestAddresses).toHaveLength(2);
  expect(machine).toBe("pc-q35-7.2");
});

test("several documents are read in turn, with names in UTF-8", () => {
  const texts = splitDomainXmls(
    `${domain("", "a &amp; b")}\n\n${domain("", "Küche &#x2615;")}\n\n34138775-b440-45f8-883a-f2520e0acbf2\n`,
  );
  const names = texts.map((text) => readDomainXml(text).name);
  expect(names).toEqual(["a & b", "Küche ☕"]);
});

test("a text that libvirt could not have written is refused", () => {
  expect(() => readDomainXml("<domain type='kvm'><name>x</name></domain>")).toThrow(UnreadableDomainXml);
  expect(() => readDomainXml("<domain type='kvm'><name>x")).toThrow(UnreadableDomainXml);
  expect(() => readDomainXml(domain("").slice(0, -20))).toThrow(UnreadableDomainXml);
});

const hostdevs: fc.Arbitrary<Hostdev> = fc.record({
  address: addresses(),
  managed: fc.boolean(),
  options: fc.oneof(fc.constant({}), fc.record({ permissive: fc.boolean() })),
  guestAddress: fc.option(
    fc.record({ bus: fc.nat(255), slot: fc.nat(31), function: fc.nat(7), multifunction: fc.boolean() }),
    { nil: undefined },
  ),
  driver: fc.constantFrom(
    undefined,
    { name: "vfio", model: undefined },
    { name: undefined, model: "nvgrace_gpu_vfio_pci" },
  ),
});

/** Devices that are none of ours, with addresses in them that look like some. */
const others = fc.constantFrom(
  "    <disk type='file'>\n      <source file='/a&apos;b'/>\n      <address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/>\n    </disk>",
  "    <hostdev mode='subsystem' type='usb' managed='no'>\n      <source>\n        <address bus='1' device='4'/>\n      </source>\n    </hostdev>",
  "    <input type='mouse' bus='ps2'/>",
  "    <memballoon model='none'/>",
);

test("exactly the hostdevs of the document are read, with all their fields", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(hostdevs, others), { maxLength: 8 }), (devices) => {
      const declared = devices.filter((device) => typeof device !== "string");
      const { hostdevs: found } = read(
        devices.map((device) => (typeof device === "string" ? device : formatHostdev(device))).join("\n"),
      );
      expect(
        found.map((entry) => [entry.address, entry.managed, entry.permissive, entry.driver, entry.guestAddress]),
      ).toEqual(
        declared.map(({ address, managed, options, driver, guestAddress: guest }) => [
          address,
          managed,
          options.permissive ?? false,
          driver,
          guest && { bus: guest.bus, slot: guest.slot, function: guest.function },
        ]),
      );
    }),
  );
});

test("an address is written in libvirt's form", () => {
  const address = parsePciAddress("0000:00:1a.7");
  expect(address && formatSourceAddress(address)).toBe(
    "<address domain='0x0000' bus='0x00' slot='0x1a' function='0x7'/>",
  );
});
