import { consoleFact } from "../../provider/facts/console";

// Of a server with a BMC (kernel 6.1), shortened: the power button has keys too, but hangs from no PCI device.
const DEVICES = `I: Bus=0019 Vendor=0000 Product=0001 Version=0000
N: Name="Power Button"
P: Phys=LNXPWRBN/button/input0
S: Sysfs=/devices/LNXSYSTM:00/LNXPWRBN:00/input/input0
H: Handlers=kbd event0
B: EV=3

I: Bus=0003 Vendor=0557 Product=2419 Version=0100
N: Name="HID 0557:2419"
P: Phys=usb-0000:00:14.0-11/input0
S: Sysfs=/devices/pci0000:00/0000:00:14.0/usb1/1-11/1-11:1.0/0003:0557:2419.0001/input/input1
H: Handlers=sysrq kbd leds event1
B: EV=120013

I: Bus=0003 Vendor=0557 Product=2419 Version=0100
N: Name="HID 0557:2419 Mouse"
P: Phys=usb-0000:00:14.0-11/input1
S: Sysfs=/devices/pci0000:00/0000:00:14.0/usb1/1-11/1-11:1.1/0003:0557:2419.0002/input/input2
H: Handlers=mouse0 event2
B: EV=1f
`;

test("the boot display and the USB keyboards are found with their PCI functions", () => {
  const text = `/sys/bus/pci/devices/0000:03:00.0/boot_vga:1\n/sys/bus/pci/devices/0000:41:00.0/boot_vga:0\n${DEVICES}`;
  expect(consoleFact.parse({ text, exitCode: 0 })).toEqual({
    displays: ["0000:03:00.0"],
    keyboards: [{ name: "HID 0557:2419", carriedBy: "0000:00:14.0" }],
    serialLines: [],
  });
});

test("a host without any of it has none", () => {
  expect(consoleFact.parse({ text: "", exitCode: 1 })).toEqual({ displays: [], keyboards: [], serialLines: [] });
});
