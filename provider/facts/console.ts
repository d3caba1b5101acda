import type { PciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { addressesOnPath, readValues } from "./sysfs";

/** What somebody sitting at the host needs: its display and its keyboards. */
export interface Console {
  /** The display that shows the firmware and the boot messages. */
  readonly displays: readonly PciAddress[];
  readonly keyboards: readonly Keyboard[];
}

/** A USB keyboard. */
export interface Keyboard {
  readonly name: string;
  /** The USB controller that it is connected to. */
  readonly carriedBy: PciAddress;
}

/** The boot display and the USB keyboards. */
export const consoleFact: Fact<Console> = {
  name: "console",
  ask: `
print_values /sys/bus/pci/devices/*/boot_vga
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
    return { displays, keyboards };
  },
};
