import { STUB_DRIVERS, type StubDriver } from "../pci/stub-driver";
import type { Fact } from "./answers";

/** The stub drivers that the running kernel has without Xen, vfio-pci and pci-stub, and in which form. */
export type StubDrivers = ReadonlyMap<StubDriver, "module" | "builtin">;

/** Asks the running kernel and its modules. */
export const stubDriversFact: Fact<StubDrivers> = {
  name: "stub_drivers",
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
[ -z "$elsewhere" ] || grep -E -s -o '^[^:]*(vfio-pci|pci-stub)\\.ko' "$modules/modules.dep" "$modules/modules.builtin"`,
  parse({ text }) {
    const lines = text.split("\n");
    const found = new Map<StubDriver, "module" | "builtin">();
    for (const stub of STUB_DRIVERS) {
      const listed = lines.filter((line) => new RegExp(`[/:]${stub}\\.ko`).test(line));
      if (listed.some((line) => line.includes("/modules.builtin:"))) found.set(stub, "builtin");
      else if (listed.length > 0) found.set(stub, "module");
      // Old kernels have no modules.builtin: a driver without a module is part of the kernel.
      else if (lines.includes(`registered ${stub}`)) found.set(stub, "builtin");
    }
    return found;
  },
};
