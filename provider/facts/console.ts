import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, lastSegment, readLinks, readValues } from "./sysfs";

/** What the console of the host is on: its display, its keyboards and its serial lines. */
export interface Console {
  /** The display that shows the firmware and the boot messages. */
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

/**
 * The boot display, the USB keyboards, and the serial lines of PCI among the kernel's consoles (linux,
 * drivers/tty/tty_io.c, show_cons_active(), from 2.6.38 on; its arguments before).
 */
export const consoleFact: Fact<Console> = {
  name: "console",
  about: ["functions"],
  ask: `
print_values /sys/bus/pci/devices/*/boot_vga
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
    const displays = [...readValues(answer.text)]
      .filter(([path, value]) => path.endsWith("/boot_vga") && value === "1")
      .flatMap(([path]) => addressesOnPath(path));
    // linux, drivers/input/input.c (6.1): one paragraph per device, one letter per line; the handler "kbd" takes what
    // has keys to type with.
    const keyboards = answer.text.split(/\n\s*\n/).flatMap((paragraph) => {
      const line = (letter: string) => new RegExp(`^${letter}: \\w+=(.*)$`, "m").exec(paragraph)?.[1] ?? "";
      const carriedBy = addressesOnPath(line("S")).at(-1);
      const usable = /\bkbd\b/.test(line("H")) && line("S").includes("/usb");
      return usable && carriedBy ? [{ name: line("N").replaceAll('"', ""), carriedBy }] : [];
    });
    const serialLines = [...readLinks(answer.text)].flatMap(([path, target]) => {
      const carriedBy = addressesOnPath(target).at(-1);
      return carriedBy ? [{ name: lastSegment(path), carriedBy }] : [];
    });
    return { displays, keyboards, serialLines };
  },
};
