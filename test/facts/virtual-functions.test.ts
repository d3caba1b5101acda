import fc from "fast-check";
import { virtualFunctionsFact } from "../../provider/facts/virtual-functions";
import { addresses } from "../pci/arbitrary";

const parse = (text: string) => virtualFunctionsFact.parse({ text, exitCode: 0 });

test("links are in the order of their numbers, not of their names", () => {
  const links = [0, 10, 2].map(
    (number) => `/sys/bus/pci/devices/0000:03:00.0/virtfn${number} -> /sys/devices/pci0000:00/0000:03:01.${number % 8}`,
  );
  const text = [
    "/sys/bus/pci/devices/0000:03:00.0/sriov_totalvfs:16",
    "/sys/bus/pci/devices/0000:04:00.0/sriov_totalvfs:0",
    ...links,
    "/usr/bin/udevadm",
    "",
  ].join("\n");
  expect([...parse(text).physicalFunctions]).toEqual([
    ["0000:03:00.0", { most: 16, count: 3, functions: ["0000:03:01.0", "0000:03:01.2", "0000:03:01.2"] }],
    ["0000:04:00.0", { most: 0, count: 0, functions: [] }],
  ]);
  expect(parse(text).udev).toBe(true);
});

test("a host without SR-IOV and without udev", () => {
  expect(parse("\n")).toEqual({ physicalFunctions: new Map(), udev: false });
});

test("any number of functions of any device is read as sysfs has it", () => {
  fc.assert(
    fc.property(addresses(), fc.uniqueArray(addresses(), { maxLength: 12 }), (physical, functions) => {
      const folder = `/sys/bus/pci/devices/${physical}`;
      const links = functions.map((address, index) => `${folder}/virtfn${index} -> /sys/devices/pci0000:00/${address}`);
      const text = [`${folder}/sriov_totalvfs:64`, ...links.reverse()].join("\n");
      expect(parse(text).physicalFunctions.get(physical)).toEqual({ most: 64, count: functions.length, functions });
    }),
  );
});

test("no file is read for which the lock of a device is needed: an unbind that hangs holds it", () => {
  expect(virtualFunctionsFact.ask).not.toContain("sriov_numvfs");
});
