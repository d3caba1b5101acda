import { pciAnswer } from "../pci-answer";
import type { Situation } from "../situation";

const TTY = "linux, drivers/tty/tty_io.c, 6.1: /sys/class/tty/console/active names the consoles of the kernel";
const VGA = "linux, drivers/pci/pci-sysfs.c, 6.1: boot_vga";
const FRAMEBUFFER = "linux, drivers/video/fbdev/core/fbcon.c, 6.1: the first framebuffer gets the console";
const INPUT = "linux, drivers/input/input.c, 6.1: /proc/bus/input/devices";

const PCI = pciAnswer([
  { path: "pci0000:00/0000:00:14.0", class: "0c0330", driver: "xhci_hcd", label: "USB controller: Intel" },
  { path: "pci0000:00/0000:00:16.3", class: "070002", driver: "serial", label: "Serial controller: Intel AMT" },
  { path: "pci0000:00/0000:00:1c.0", class: "060400", driver: "pcieport", label: "PCI bridge: Intel" },
  { path: "pci0000:00/0000:00:1c.0/0000:0a:00.0", class: "070002", driver: "serial", label: "Serial: Oxford" },
  { path: "pci0000:00/0000:01:00.0", class: "030000", driver: "ast", label: "VGA: ASPEED" },
  { path: "pci0000:00/0000:c6:00.0", class: "038000", driver: "amdgpu", label: "Display controller: AMD" },
]);

const keyboard = (handlers: string, place = "pci0000:00/0000:00:14.0/usb1/1-11/1-11:1.0/0003:0557:2419.0001") =>
  `I: Bus=0003\nN: Name="HID 0557:2419"\nS: Sysfs=/devices/${place}/input/input1\nH: Handlers=${handlers}\n`;
const serial = (name: string, path: string) => `/sys/class/tty/${name} -> /sys/devices/${path}/tty/${name}`;

const framebuffer = (place: string) => `/sys/class/graphics/fb0/device -> /sys/devices/pci0000:00/${place}`;

const on = (
  title: string,
  source: string,
  declares: string,
  answer: string,
  ...refused: Situation["refused"]
): Situation => ({ title, source, answers: { pci_devices: PCI, console: answer }, declares, refused });

export const CONSOLE: readonly Situation[] = [
  on("the console on the serial line of AMT", TTY, "00:16.3", serial("ttyS4", "pci0000:00/0000:00:16.3"), [
    "console-serial",
    "0000:00:16.3 (Serial controller: Intel AMT) carries the serial line ttyS4, which the host has its console on",
  ]),
  on(
    "the console on a serial card, by ports of Linux 6.8",
    "linux, drivers/tty/serial/serial_base_bus.c, 6.8: a port is a device of its own",
    "0a:00.0",
    serial("ttyS5", "pci0000:00/0000:00:1c.0/0000:0a:00.0/0000:0a:00.0:0/0000:0a:00.0:0.1"),
    ["console-serial", "carries the serial line ttyS5"],
  ),
  on(
    "the console on a USB adapter",
    "linux, drivers/usb/serial/console.c, 6.1",
    "00:14.0",
    serial("ttyUSB0", "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/ttyUSB0"),
    ["console-serial", "carries the serial line ttyUSB0"],
  ),
  on("the console on a UART of the board", TTY, "00:16.3", serial("ttyS0", "platform/serial8250")),
  on("the console on a UART of ACPI", TTY, "00:16.3", serial("ttyS0", "pnp0/00:05")),
  on("the console on a screen, and on Xen's", TTY, "00:16.3", serial("tty0", "virtual")),
  on("a serial card that the console is not on", TTY, "0a:00.0", serial("ttyS4", "pci0000:00/0000:00:16.3")),
  on("the display of the firmware", VGA, "01:00.0", "/sys/bus/pci/devices/0000:01:00.0/boot_vga:1", [
    "console-display",
    "is the display that the host boots with",
  ]),
  on("a display that the firmware does not use", VGA, "01:00.0", "/sys/bus/pci/devices/0000:01:00.0/boot_vga:0"),
  on("the console on a GPU that is no VGA controller", FRAMEBUFFER, "c6:00.0", framebuffer("0000:c6:00.0"), [
    "console-display",
    "0000:c6:00.0 (Display controller: AMD) is the display that the host boots with",
  ]),
  on(
    "the framebuffer of the firmware there",
    "linux, drivers/firmware/sysfb.c, 6.9: its parent is the GPU",
    "c6:00.0",
    framebuffer("0000:c6:00.0/simple-framebuffer.0"),
    ["console-display", "is the display that the host boots with"],
  ),
  on(
    "a GPU with the first framebuffer beside the display of the firmware",
    VGA,
    "c6:00.0",
    `/sys/bus/pci/devices/0000:01:00.0/boot_vga:1\n${framebuffer("0000:c6:00.0")}`,
  ),
  on("a USB keyboard", INPUT, "00:14.0", keyboard("sysrq kbd leds event1"), [
    "console-input",
    'has the keyboard "HID 0557:2419": the host would have no keyboard',
  ]),
  on("a USB mouse", INPUT, "00:14.0", keyboard("mouse0 event2")),
  on("a keyboard of PS/2", INPUT, "00:14.0", keyboard("sysrq kbd event0", "platform/i8042/serio0")),
];
