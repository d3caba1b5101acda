import fc from "fast-check";
import { parsePciAddress } from "../../provider/pci/address";
import { formatHostdev, formatSourceAddress, type Hostdev, readDomainXmls } from "../../provider/vm-text/domain-xml";
import { addresses } from "../pci/arbitrary";

const domain = (devices: string, name = "vm") =>
  `<domain type='kvm' id='3'>\n  <name>${name}</name>\n  <uuid>34138775-b440-45f8-883a-f2520e0acbf2</uuid>\n  <os>\n    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n  </os>\n  <devices>\n${devices}\n  </devices>\n</domain>\n`;
const read = (devices: string) => {
  const [one] = readDomainXmls(domain(devices));
  if (!one) throw new Error("no domain");
  return one;
};

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
  [
    "an address without numbers",
    "<hostdev mode='subsystem' type='pci'><source><address bus='x'/></source></hostdev>",
    0,
  ],
];
test.each(elements)("%s", (_, text, count) => {
  expect(read(text).hostdevs).toHaveLength(count);
});

test("what else a hostdev says, and where the guest has its devices", () => {
  const { hostdevs, controllers, guestAddresses, machine } = read(`
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0' multifunction='on'/>
    </controller>
    <controller type='sata' index='0'/>
    <disk type='file' device='disk'><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <driver name='vfio'/>
      <source writeFiltering='no'>
        <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
      </source>
      <alias name='hostdev0'/>
      <address type='pci' domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
    </hostdev>`);
  expect(hostdevs).toEqual([
    {
      address: "0000:01:00.0",
      managed: true,
      permissive: true,
      guestAddress: { bus: 2, slot: 0, function: 0 },
    },
  ]);
  expect(controllers.map((one) => [one.index, one.model])).toEqual([
    [0, "pcie-root"],
    [1, "pcie-root-port"],
  ]);
  expect(guestAddresses).toHaveLength(2);
  expect(machine).toBe("pc-q35-7.2");
});

test("documents one after another, with names as people write them", () => {
  const names = readDomainXmls(`${domain("", "a &amp; b")}\n\n${domain("", "Küche &#x2615;")}\n`).map(
    (one) => one.name,
  );
  expect(names).toEqual(["a & b", "Küche ☕"]);
});

test("what libvirt could not have written is no domain", () => {
  expect(() => readDomainXmls("<domain type='kvm'><name>x</name></domain>")).toThrow();
  expect(() => readDomainXmls("<domain type='kvm'><name>x")).toThrow();
});

const hostdevs: fc.Arbitrary<Hostdev> = fc.record({
  address: addresses(),
  managed: fc.boolean(),
  options: fc.oneof(fc.constant({}), fc.record({ permissive: fc.boolean() })),
  guestAddress: fc.option(
    fc.record({ bus: fc.nat(255), slot: fc.nat(31), function: fc.nat(7), multifunction: fc.boolean() }),
    { nil: undefined },
  ),
  driver: fc.constantFrom(undefined, "vfio" as const),
});

/** Devices that are none of ours, with addresses in them that look like some. */
const others = fc.constantFrom(
  "    <disk type='file'>\n      <source file='/a&apos;b'/>\n      <address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/>\n    </disk>",
  "    <hostdev mode='subsystem' type='usb' managed='no'>\n      <source>\n        <address bus='1' device='4'/>\n      </source>\n    </hostdev>",
  "    <input type='mouse' bus='ps2'/>",
  "    <memballoon model='none'/>",
);

test("the reader finds exactly the hostdevs that are there, with what they say", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(hostdevs, others), { maxLength: 8 }), (devices) => {
      const ours = devices.filter((one) => typeof one !== "string");
      const { hostdevs: found } = read(
        devices.map((one) => (typeof one === "string" ? one : formatHostdev(one))).join("\n"),
      );
      expect(found.map((one) => [one.address, one.managed, one.permissive, one.guestAddress])).toEqual(
        ours.map(({ address, managed, options, guestAddress: at }) => [
          address,
          managed,
          options.permissive ?? false,
          at && { bus: at.bus, slot: at.slot, function: at.function },
        ]),
      );
    }),
  );
});

test("an address is written as libvirt writes it", () => {
  const address = parsePciAddress("0000:00:1a.7");
  expect(address && formatSourceAddress(address)).toBe(
    "<address domain='0x0000' bus='0x00' slot='0x1a' function='0x7'/>",
  );
});
