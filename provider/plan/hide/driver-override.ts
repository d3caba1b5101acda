import type { HideMechanism } from "../hide-mechanism";
import { leaveEarly, takeEarly, takenEarly, whyNoEarlyScript } from "./early";

/**
 * KVM: a script in the initramfs binds functions to vfio-pci or pci-stub by their address, before udev loads any
 * driver. A udev rule alone would come too late: a driver that is loaded for another device of the same kind takes all
 * devices it can.
 */
export const driverOverrideHiding: HideMechanism = {
  name: "driver-override",
  hiddenBy: "driver-override",
  undoneByOldEntry: true,
  hosts: "kvm",
  whyNotHide(facts, devices, stub) {
    if (!facts.stubDrivers.forms.has(stub)) {
      return `its kernel ${facts.machine.kernelRelease} has no ${stub}, neither as a module nor built in. Install a kernel that has it`;
    }
    return whyNoEarlyScript(facts, devices);
  },
  isHidden: (facts, address) =>
    takenEarly(facts).some((taking) => taking.driver !== "pciback" && taking.address === address),
  hide: (facts, device, _key, stub) => takeEarly(facts, device, stub, "driver-override"),
  unhide: (facts, address) => leaveEarly(facts, address),
  consequences: [
    "the initramfs is rebuilt with a script that binds it to the stub driver before its own driver can take it",
  ],
};
