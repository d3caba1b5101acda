import { STUB_DRIVERS, type StubDriver } from "../pci/stub-driver";
import type { Fact } from "./answers";

/** The drivers that only reserve functions for VMs, as far as the running kernel has them. */
export interface StubDrivers {
  /** vfio-pci and pci-stub, and in which form. */
  readonly forms: ReadonlyMap<StubDriver, "module" | "builtin">;
  /** The variants of vfio-pci for particular devices, by their names in sysfs: `mlx5_vfio_pci`. */
  readonly variants: ReadonlySet<string>;
}

/**
 * Asks the running kernel and its modules. A module that stands in for vfio-pci has aliases that begin with "vfio_pci:"
 * (linux, scripts/mod/file2alias.c, do_pci_entry(), from 5.16 on; libvirt reads them too: src/util/virpci.c,
 * virPCIDeviceFindBestVFIOVariant(), from 10.0 on).
 */
export const stubDriversFact: Fact<StubDrivers> = {
  name: "stub_drivers",
  about: ["functions"],
  ask: `
read -r release < /proc/sys/kernel/osrelease
modules=/lib/modules/$release
elsewhere=
for stub in vfio-pci pci-stub; do
  [ ! -d "/sys/bus/pci/drivers/$stub" ] || echo "registered $stub"
  found=
  for file in "$modules/kernel/drivers/vfio/pci/$stub.ko"* "$modules/kernel/drivers/pci/$stub.ko"*; do
    [ ! -e "$file" ] || { found=yes; echo "module $file"; }
  done
  [ -n "$found" ] || elsewhere=yes
done
[ -z "$elsewhere" ] || grep -E -s -o '^[^:]*(vfio-pci|pci-stub)\\.ko' "$modules/modules.dep" "$modules/modules.builtin"
on_xen || grep -s '^alias vfio_pci:' "$modules/modules.alias"
return 0`,
  parse({ text }) {
    const lines = text.split("\n");
    const forms = new Map<StubDriver, "module" | "builtin">();
    for (const stub of STUB_DRIVERS) {
      const listed = lines.filter((line) => new RegExp(`[/:]${stub}\\.ko`).test(line));
      if (listed.some((line) => line.includes("/modules.builtin:"))) forms.set(stub, "builtin");
      else if (listed.length > 0) forms.set(stub, "module");
      // Old kernels have no modules.builtin: a driver without a module is part of the kernel.
      else if (lines.includes(`registered ${stub}`)) forms.set(stub, "builtin");
    }
    const variants = [...text.matchAll(/^alias vfio_pci:\S+ (\S+)$/gm)].map(([, module = ""]) => module);
    return { forms, variants: new Set(variants.filter((module) => module !== "vfio_pci")) };
  },
};

/** The part of the facts that tells stub drivers from others. */
interface Knowing {
  readonly stubDrivers: StubDrivers;
}

/** Whether a driver, by its name in sysfs, only reserves functions for VMs; false for no driver. */
export function isStubDriver(facts: Knowing, driver: string | null | undefined): driver is string {
  return STUB_DRIVERS.some((stub) => standsFor(facts, driver, stub));
}

/**
 * Whether a driver is the stub driver, or a variant of it. Variants register under the name of their module, the older
 * ones with "-" in it (linux, drivers/vfio/pci: hisi_acc_vfio_pci.c, 5.18 and 6.1).
 */
export function standsFor({ stubDrivers }: Knowing, driver: string | null | undefined, stub: StubDriver): boolean {
  if (driver === stub) return true;
  return stub === "vfio-pci" && stubDrivers.variants.has(driver?.replaceAll("-", "_") ?? "");
}
