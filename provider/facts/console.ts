import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** What the console of the host is on: its display, its keyboards and its serial lines. */
export interface Console {
  /** The display that shows the firmware and the boot messages; where no card of class VGA does, that of the console. */
  readonly displays: readonly PciAddress[];
  readonly keyboards: readonly Keyboard[];
  readonly serialLines: readonly SerialLine[];
}

/** A serial line that the kernel has its console on, which a PCI function carries. */
export interface SerialLine {
  /** `ttyS4` */
  readonly name: string;
  /** The serial card or, for a USB adapter, the USB controller. */
  readonly carriedBy: PciAddress;
}

/** A USB keyboard. */
export interface Keyboard {
  readonly name: string;
  /** The USB controller that it is connected to. */
  readonly carriedBy: PciAddress;
}

/** A link to the device of the first framebuffer. */
const FRAMEBUFFER = "/sys/class/graphics/fb0/device";

/**
 * The boot display, the USB keyboards, and the serial lines of PCI among the kernel's consoles (linux,
 * drivers/tty/tty_io.c, show_cons_active(), from 2.6.38 on; its arguments before). Only VGA controllers have boot_vga
 * (drivers/pci/pci-sysfs.c, 6.1), and some GPUs are of another display class; the console is on the first framebuffer
 * (drivers/video/fbdev/core/fbcon.c), that of a firmware below its GPU from 6.9 on (drivers/firmware/sysfb.c).
 */
export const consoleFact: Fact<Console> = {
  name: "console",
  about: ["functions"],
  ask: `
print_values /sys/bus/pci/devices/*/boot_vga
print_links ${FRAMEBUFFER}
consoles=
if [ -e /sys/class/tty/console/active ]; then
  read -r consoles < /sys/class/tty/console/active
else
  read -r arguments < /proc/cmdline
  for argument in $arguments; do
    case $argument in "console="*) argument=\${argument#console=} consoles="$consoles \${argument%%,*}" ;; esac
  done
fi
for console in $consoles; do
  print_links "/sys/class/tty/$console"
done
cat /proc/bus/input/devices`,
  parse(answer) {
    const links = readLinks(answer.text);
    const vga = [...readValues(answer.text)]
      .filter(([path, value]) => path.endsWith("/boot_vga") && value === "1")
      .flatMap(([path]) => addressesOnPath(path));
    const framebuffer = addressesOnPath(links.get(FRAMEBUFFER) ?? "").slice(-1);
    const displays = vga.length > 0 ? vga : framebuffer;
    // linux, drivers/input/input.c (6.1): one paragraph per device, one letter per line; the handler "kbd" takes what
    // has keys to type with.
    const keyboards = answer.text.split(/\n\s*\n/).flatMap((paragraph) => {
      const line = (letter: string) => new RegExp(`^${letter}: \\w+=(.*)$`, "m").exec(paragraph)?.[1] ?? "";
      const carriedBy = addressesOnPath(line("S")).at(-1);
      const usable = /\bkbd\b/.test(line("H")) && line("S").includes("/usb");
      return usable && carriedBy ? [{ name: line("N").replaceAll('"', ""), carriedBy }] : [];
    });
    const serialLines = [...links].flatMap(([path, target]) => {
      if (path === FRAMEBUFFER) return [];
      const carriedBy = addressesOnPath(target).at(-1);
      return carriedBy ? [{ name: lastSegment(path), carriedBy }] : [];
    });
    return { displays, keyboards, serialLines };
  },
};
