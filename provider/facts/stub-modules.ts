import type { Fact } from "./answers";

/** What a kernel without Xen has to keep devices for VMs. */
export interface StubModules {
  readonly vfioPci: boolean;
  readonly pciStub: boolean;
  /** Whether a function can be told which driver takes it (`driver_override`, since Linux 3.16). */
  readonly driverOverride: boolean;
}

export const stubModulesFact: Fact<StubModules> = {
  name: "stub_modules",
  ask: `
ls -d /sys/bus/pci/drivers/vfio-pci /sys/bus/pci/drivers/pci-stub
ls /sys/bus/pci/devices/*/driver_override | head -n 1
release=$(uname -r)
ls "/lib/modules/$release/kernel/drivers/vfio/pci" "/lib/modules/$release/kernel/drivers/pci"
grep -h -e 'vfio-pci\\.ko' -e 'pci-stub\\.ko' "/lib/modules/$release/modules.builtin"`,
  parse({ text }) {
    const has = (name: string) => new RegExp(`(^|/)${name}(\\.ko.*)?$`, "m").test(text);
    return { vfioPci: has("vfio-pci"), pciStub: has("pci-stub"), driverOverride: /\/driver_override$/m.test(text) };
  },
};
