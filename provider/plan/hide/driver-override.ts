import type { HideMechanism } from "../hide-mechanism";
import { leaveEarly, noEarlyScript, takeEarly, takenEarly } from "./early";

/**
 * KVM: our script in the initramfs gives functions to vfio-pci or pci-stub by their address, before udev loads any driver. A udev
 * rule alone would come too late: the driver that another device of the same kind loads takes all that it can.
 */
export const driverOverrideHiding: HideMechanism = {
  name: "driver-override",
  hiddenBy: "driver-override",
  hosts: "kvm",
  whyNotHide(facts, _devices, stub) {
    if (!facts.stubDrivers.has(stub)) {
      return `its kernel ${facts.machine.kernelRelease} has no ${stub}, neither as a module nor built in`;
    }
    return noEarlyScript(facts);
  },
  isHidden: (facts, address) =>
    takenEarly(facts).some((taking) => taking.driver !== "pciback" && taking.address === address),
  hide: (facts, { address }, _key, stub) => takeEarly(facts, { driver: stub, address }, "driver-override"),
  unhide: (facts, address) => leaveEarly(facts, address),
  consequences: ["the initramfs is made anew with a script that takes it before its own driver can"],
};
