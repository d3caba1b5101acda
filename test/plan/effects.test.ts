import type { HostFacts } from "../../provider/facts/host-facts";
import { lossOf } from "../../provider/plan/effects";
import { recordedFacts } from "../recorded/recorded-facts";
import { address } from "./recorded-host";

const IN_USE = recordedFacts("debian12-xen4.17-in-use");

/** What the host loses with each of its devices, without the devices themselves. */
function losses(facts: HostFacts): readonly string[] {
  return [...facts.pciDevices.values()].flatMap((device) =>
    lossOf(facts, device)
      .slice(1)
      .map(({ text }) => text),
  );
}

test("network interfaces are told with their addresses and bridges, disks with their use, USB and VMs by name", () => {
  expect(losses(IN_USE)).toEqual(
    expect.arrayContaining([
      "the network interface mgmt0 (10.0.2.15, fec0::5054:ff:fe12:3456) disappears from the host",
      "the network interface enp1s0f1 (under xenbr0) disappears from the host",
      "the disk nvme0n1 (the logical volume vg0-web) disappears from the host",
      'the VM "web" loses its disk /dev/vg0/web',
      "the disk sda (/media/stick) disappears from the host",
      'the keyboard "QEMU QEMU USB Keyboard" disappears from the host',
    ]),
  );
});

test("whatever else is connected to a USB controller is told by its ids and drivers", () => {
  const carriedBy = address("02:00.0");
  const usbDevices = [
    { id: "0403:6001", drivers: ["ftdi_sio"], carriedBy },
    { id: "1050:0407", drivers: [], carriedBy },
  ];
  expect(losses({ ...IN_USE, usbDevices })).toEqual(
    expect.arrayContaining([
      "the USB device 0403:6001 (ftdi_sio) disappears from the host",
      "the USB device 1050:0407 disappears from the host",
    ]),
  );
});

test("disks are told with their size where the host says it", () => {
  const sized = (size: number) => {
    const blockDevices = [...IN_USE.storage.blockDevices].map(([name, block]) => [name, { ...block, size }] as const);
    return losses({ ...IN_USE, storage: { ...IN_USE.storage, blockDevices: new Map(blockDevices) } });
  };
  expect(sized(512 * 1024 ** 2)).toContain("the disk sda (512 MiB, /media/stick) disappears from the host");
  expect(sized(2_000_398_934_016)).toContain("the disk sda (1.8 TiB, /media/stick) disappears from the host");
});
