import { findHideOption } from "../../boot/modprobe-files";
import { modprobeFiles } from "../../facts/modprobe";
import type { HideMechanism } from "../hide-mechanism";
import { leaveEarly, noEarlyScript, takeEarly, takenEarly } from "./early";

/** Xen: our script in the initramfs gives functions to pciback, also those whose own driver is a part of the kernel. */
export const initramfsHiding: HideMechanism = {
  name: "initramfs",
  hiddenBy: "initramfs",
  hosts: "xen",
  whyNotHide(facts) {
    if (facts.pciback.kind === undefined) {
      return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in`;
    }
    // With a list that the kernel rejects the module does not load at all, and so takes nothing from our script either.
    const option = findHideOption(modprobeFiles(facts.files));
    return option.kind === "unusable" ? option.reason : noEarlyScript(facts);
  },
  isHidden: (facts, address) =>
    takenEarly(facts).some((taking) => taking.driver === "pciback" && taking.address === address),
  hide: (facts, { address }) => takeEarly(facts, { driver: "pciback", address }, "initramfs"),
  unhide: (facts, address) => leaveEarly(facts, address),
  consequences: ["the initramfs is made anew with a script that takes it before its own driver can"],
};
