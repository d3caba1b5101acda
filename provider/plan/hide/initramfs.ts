import { findHideOption } from "../../boot/modprobe-files";
import { modprobeFiles } from "../../facts/modprobe";
import type { HideMechanism } from "../hide-mechanism";
import { leaveEarly, takeEarly, takenEarly, whyNoEarlyScript } from "./early";

/**
 * Xen: a script in the initramfs binds functions to pciback, including those whose own driver is built into the kernel.
 */
export const initramfsHiding: HideMechanism = {
  name: "initramfs",
  hiddenBy: "initramfs",
  undoneByOldEntry: true,
  hosts: "xen",
  whyNotHide(facts, devices) {
    if (facts.pciback.kind === undefined) {
      return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in. Install a kernel that has it`;
    }
    // With a list that the kernel rejects, the module does not load at all, and the script cannot bind anything to it.
    const option = findHideOption(modprobeFiles(facts.files));
    return option.kind === "error" ? option.reason : whyNoEarlyScript(facts, devices);
  },
  isHidden: (facts, address) =>
    takenEarly(facts).some((taking) => taking.driver === "pciback" && taking.address === address),
  hide: (facts, device) => takeEarly(facts, device, "pciback", "initramfs"),
  unhide: (facts, address) => leaveEarly(facts, address),
  consequences: [
    "the initramfs is rebuilt with a script that binds it to the stub driver before its own driver can take it",
  ],
};
