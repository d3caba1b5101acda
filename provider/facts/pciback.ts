import { type PciAddress, parsePciAddress } from "../pci/address";
import type { Fact } from "./answers";
import { isBridge, type PciDevices } from "./pci-devices";
import { lastSegment, readLinks } from "./sysfs";

/** The driver that keeps devices for Xen's VMs, and the drivers that it competes with at boot. */
export interface Pciback {
  /** Whether the driver is there now: loaded as a module, or part of the kernel. */
  readonly registered: boolean;
  /** Undefined where this kernel has no such driver. */
  readonly kind: "module" | "builtin" | undefined;
  /** The name of its module; `pciback` on Xen's own kernels (2.6.18 to 2.6.32). */
  readonly module: "xen-pciback" | "pciback";
  /** The module of each PCI driver: `xhci_hcd` -> `xhci_pci`. A driver without one is part of the kernel. */
  readonly driverModules: ReadonlyMap<string, string>;
  /** The module that the kernel would load for a function that is not bound to its own driver now. */
  readonly nativeModules: ReadonlyMap<PciAddress, string>;
}

/**
 * The module may be called xen-pciback; in sysfs the driver is always "pciback" (xen tools/libs/light/libxl_osdeps.h,
 * 4.17).
 */
export const pcibackFact: Fact<Pciback> = {
  name: "pciback",
  about: ["functions"],
  ask: `
print_links /sys/bus/pci/drivers/*/module
print_paths /sys/bus/pci/drivers/pciback
read -r release < /proc/sys/kernel/osrelease
kind=
for file in "/lib/modules/$release/kernel/drivers/xen/"*pciback/*; do
  [ ! -e "$file" ] || { kind=module; echo "module $file"; }
done
[ -n "$kind" ] || [ -e /sys/bus/pci/drivers/pciback ] ||
  ! grep -q 'xen-pciback\\.ko' "/lib/modules/$release/modules.builtin" || echo builtin
has_other_functions || return 0
asked=
for device in /sys/bus/pci/devices/*; do
  [ -e "$device/driver" ] && [ ! -e "/sys/bus/pci/drivers/pciback/\${device##*/}" ] && continue
  # Bridges, of which a host has many without a driver, are never hidden.
  read -r class < "$device/class"
  case $class in 0x06*) continue ;; esac
  read -r modalias < "$device/modalias"
  # The virtual functions of a card stand side by side, and are all of one kind.
  [ "$modalias" = "$asked" ] || set -- $(modprobe -R "$modalias")
  asked=$modalias
  echo "native \${device##*/} $1"
done`,
  parse(answer) {
    const lines = answer.text.split("\n");
    const registered = lines.includes("/sys/bus/pci/drivers/pciback");
    // Old kernels have no modules.builtin: a driver without a module is part of the kernel.
    const isBuiltin = registered || lines.some((line) => line.startsWith("builtin"));
    return {
      registered,
      kind: lines.some((line) => line.startsWith("module ")) ? "module" : isBuiltin ? "builtin" : undefined,
      module: lines.some((line) => /^module .*\/pciback\.ko/.test(line)) ? "pciback" : "xen-pciback",
      driverModules: new Map(
        [...readLinks(answer.text)].map(([path, target]) => [path.split("/")[5] ?? "", lastSegment(target)] as const),
      ),
      nativeModules: new Map(
        lines.flatMap((line) => {
          const [, address = "", module = ""] = /^native (\S+) (\S+)$/.exec(line) ?? [];
          const parsed = parsePciAddress(address);
          return parsed ? [[parsed, module] as const] : [];
        }),
      ),
    };
  },
};

/**
 * What a later answer says, which has no native modules where the host has the same functions as in the one before: what
 * lost its driver since then has the module of that driver.
 */
export function withKnownModules(
  pciback: Pciback,
  pciDevices: PciDevices,
  before: { readonly pciback: Pciback; readonly pciDevices: PciDevices },
): Pciback {
  const known = [...pciDevices.values()].flatMap((device) => {
    const { address, driver, identity } = device;
    const earlier = before.pciDevices.get(address);
    const isAsked = (driver === undefined || driver === "pciback") && !isBridge(device);
    if (!isAsked || earlier?.identity.id !== identity.id) return [];
    const module = before.pciback.nativeModules.get(address) ?? before.pciback.driverModules.get(earlier.driver ?? "");
    return module === undefined ? [] : [[address, module] as const];
  });
  return { ...pciback, nativeModules: new Map([...known, ...pciback.nativeModules]) };
}
