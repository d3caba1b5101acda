import { UnreadableFactsError } from "../../provider/facts/answers";
import { isBridge, pciDevicesFact, withKnownNames } from "../../provider/facts/pci-devices";
import { address } from "../plan/recorded-host";

const NIC = "/sys/bus/pci/devices/0000:04:00.0";
const VIRTUAL = "/sys/bus/pci/devices/0000:04:10.0";
const link = (path: string, target: string) => `${path} -> ${target}`;
const VMD = "/sys/bus/pci/devices/10000:e1:00.0";
const BEHIND = "/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.0/0000:03:08.0";

const identityOf = (path: string, vendor: string, device: string, classCode: string) => [
  `${path}/vendor:0x${vendor}`,
  `${path}/device:0x${device}`,
  `${path}/subsystem_vendor:0x8086`,
  `${path}/subsystem_device:0x000c`,
  `${path}/class:0x${classCode}`,
];
const LINES = [
  link(NIC, `${BEHIND}/0000:04:00.0`),
  link(VIRTUAL, `${BEHIND}/0000:04:10.0`),
  link(VMD, "/sys/devices/pci10000:e0/10000:e0:01.0/10000:e1:00.0"),
  link(`${NIC}/driver`, "/sys/bus/pci/drivers/ixgbe"),
  link(`${NIC}/iommu_group`, "/sys/kernel/iommu_groups/31"),
  link(`${VIRTUAL}/physfn`, `${BEHIND}/0000:04:00.0`),
  ...identityOf(NIC, "8086", "10fb", "020000"),
  ...identityOf(VIRTUAL, "8086", "10ed", "020000"),
  ...identityOf(VMD, "8086", "2700", "010802"),
  `${NIC}/reset`,
  "lspci 0000:04:00.0 Ethernet controller: Intel: an adapter (rev 01)",
  "lspci 10000:e1:00.0 Non-Volatile memory controller: Intel Corporation Optane",
];
const devices = pciDevicesFact.parse({ exitCode: 0, text: LINES.join("\n") });

test("a physical function behind a switch", () => {
  expect(devices.get(address("04:00.0"))).toEqual({
    address: "0000:04:00.0",
    identity: {
      id: "8086:10fb",
      subsystem: "8086:000c",
      class: "020000",
      label: "Ethernet controller: Intel: an adapter (rev 01)",
    },
    driver: "ixgbe",
    bridges: ["0000:00:01.0", "0000:02:00.0", "0000:03:08.0"],
    physicalFunction: undefined,
    iommuGroup: "31",
    resettable: true,
  });
});

test("its virtual function, without driver, reset or name", () => {
  expect(devices.get(address("04:10.0"))).toMatchObject({
    physicalFunction: "0000:04:00.0",
    driver: undefined,
    iommuGroup: undefined,
    resettable: false,
    identity: { label: "8086:10ed" },
  });
});

test("a disk behind VMD, whose domain has five digits", () => {
  expect(devices.get(address("10000:e1:00.0"))).toMatchObject({
    bridges: ["10000:e0:01.0"],
    identity: { label: "Non-Volatile memory controller: Intel Corporation Optane" },
  });
});

test("a later answer without names leaves them as they were, unless there is another device now", () => {
  const id = (text: string) => text.replace("vendor:0x8086", "vendor:0x144d");
  const later = LINES.filter((line) => !line.startsWith("lspci")).map((line) =>
    line.startsWith(VMD) ? id(line) : line,
  );
  const now = withKnownNames(pciDevicesFact.parse({ exitCode: 0, text: later.join("\n") }), devices);
  expect([...now.values()].map(({ identity }) => identity.label)).toEqual([
    "Ethernet controller: Intel: an adapter (rev 01)",
    "8086:10ed",
    "144d:2700",
  ]);
});

test.each([
  ["060400", true],
  ["060100", true],
  ["0c0600", false],
  ["020600", false],
])("class %s is a bridge: %s", (classCode, bridge) => {
  const nic = devices.get(address("04:00.0"));
  if (!nic) throw new Error("the NIC was read");
  expect(isBridge({ ...nic, identity: { ...nic.identity, class: classCode } })).toBe(bridge);
});

test.each(["vendor", "device", "subsystem_vendor", "subsystem_device", "class"])(
  "a host that does not say what is in %s of a function is not read: its claim would be one of another device",
  (file) => {
    const text = LINES.filter((line) => !line.startsWith(`${VIRTUAL}/${file}:`)).join("\n");
    const read = () => pciDevicesFact.parse({ exitCode: 2, text });
    expect(read).toThrow(UnreadableFactsError);
    expect(read).toThrow(`it is not known what 0000:04:10.0 is: ${VIRTUAL}/${file} could not be read`);
  },
);
