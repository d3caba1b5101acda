import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import { othersHaveEntriesIn } from "../claim";
import type { HideMechanism } from "../hide-mechanism";
import type { FileEdit } from "../step";
import { isStubDriver } from "../stub-driver";
import { findHideOption, hideByModprobe, isHiddenByModprobe, type TextEdit, unhideByModprobe } from "./modprobe-files";

/** Where pciback is a module: its option `hide=`, and softdeps that make the drivers' modules wait for it, in the initramfs too. */
export const modprobeHiding: HideMechanism = {
  name: "modprobe",
  unfit: cannotHide,
  isHidden: (facts, address) => isHiddenByModprobe(facts.modprobe, address),
  hide(facts, device, key) {
    const module = moduleOf(facts, device) ?? "";
    const edits = hideByModprobe(facts.modprobe, device.address, module);
    return {
      steps: edits.map((edit) => fileEdit(facts, key, edit, [device.address], "keep")),
      entries: edits.map((edit) => ({
        path: edit.path,
        entry: device.address,
        undo: { mechanism: "modprobe", module },
      })),
    };
  },
  unhide(facts, address, claim, key) {
    const edits = unhideByModprobe(facts.modprobe, address, unneededModule(facts, key, claim, address));
    return edits.map((edit) => fileEdit(facts, key, edit, [], "forget"));
  },
  regenerate: [{ kind: "regenerate", what: "initramfs" }],
  regenerationEffects: ["the initramfs of the running kernel is made anew"],
};

function cannotHide(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  if (facts.pciback.kind === undefined) {
    return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in`;
  }
  if (facts.pciback.kind === "builtin") {
    return "its kernel has xen-pciback built in, and hiding by boot arguments is not supported yet";
  }
  const option = findHideOption(facts.modprobe);
  if (option.kind === "unusable") return option.reason;
  const orphan = devices.find((device) => moduleOf(facts, device) === undefined);
  if (!orphan) return undefined;
  return orphan.driver !== undefined && !isStubDriver(orphan.driver)
    ? `${orphan.address} has the driver ${orphan.driver}, which is a part of the kernel and takes the device before any module is loaded; hiding from such a driver is not supported yet`
    : `${orphan.address} has no driver of its own that could be made to wait for xen-pciback`;
}

/** The module that would take the function at boot if nobody hid it. */
function moduleOf(facts: HostFacts, device: PciDevice): string | undefined {
  return device.driver !== undefined && !isStubDriver(device.driver)
    ? facts.pciback.driverModules.get(device.driver)
    : facts.pciback.nativeModules.get(device.address);
}

/** The module of this entry's softdep, unless another hidden function has the same module. */
function unneededModule(facts: HostFacts, key: string, claim: Claim, address: PciAddress): string | undefined {
  const moduleIn = (undo: unknown) => (undo as { module?: string } | undefined)?.module;
  const module = moduleIn(claim.entries.find((entry) => entry.entry === address)?.undo);
  const others = facts.claims
    .filter((one) => one.key !== key)
    .flatMap((one) => one.claim.entries)
    .concat(claim.entries.filter((entry) => entry.entry !== address))
    .filter((entry) => isHiddenByModprobe(facts.modprobe, entry.entry as PciAddress));
  return others.some((entry) => moduleIn(entry.undo) === module) ? undefined : module;
}

function fileEdit(
  facts: HostFacts,
  key: string,
  edit: TextEdit,
  hides: readonly PciAddress[],
  when: "keep" | "forget",
): FileEdit {
  const original = othersHaveEntriesIn(facts, key, edit.path) ? "leave" : when;
  return { kind: "edit-file", ...edit, hides, original };
}
