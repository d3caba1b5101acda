import { initramfsModuleFiles } from "../../boot/initramfs-module";
import {
  findHideOption,
  HIDE_FILE,
  hideByModprobe,
  isHiddenByModprobe,
  unhideByModprobe,
} from "../../boot/modprobe-files";
import type { Claim } from "../../claims/claim";
import { hiddenBy } from "../../claims/claim-entry";
import type { Regeneration } from "../../claims/run-record";
import { bootFiles, initramfsMakerOf } from "../../facts/boot";
import type { HostFacts } from "../../facts/host-facts";
import { modprobeFiles } from "../../facts/modprobe";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import type { PciAddress } from "../../pci/address";
import { bootFileEdit } from "../boot-file-edit";
import { otherEntries } from "../claim";
import type { HideMechanism } from "../hide-mechanism";
import { nativeModule } from "../native-module";
import { NOTHING, part, refuse } from "../part";

/**
 * Xen with pciback as a module: its option `hide=`, and softdeps that make other drivers' modules wait for it, in the
 * initramfs too.
 */
export const modprobeHiding: HideMechanism = {
  name: "modprobe",
  hiddenBy: "modprobe",
  undoneByOldEntry: false,
  hosts: "xen",
  whyNotHide,
  isHidden: (facts, address) => isHiddenByModprobe(modprobeFiles(facts.files), address),
  hide(facts, device, key) {
    const module = nativeModule(facts, device) ?? "";
    const { address } = device;
    const edits = [
      ...hideByModprobe(modprobeFiles(facts.files), address, module),
      ...(moduleFileEdits(facts, { module: "xen-pciback", folder: "kernel/drivers/xen/xen-pciback" }) ?? []),
    ];
    return part({
      steps: edits.map((edit) => bootFileEdit(facts, key, edit, [address], "keep")),
      regenerate: [initramfsWith(module)],
      entries: edits.map(({ path }) => ({ kind: "hidden", path, address, undo: { mechanism: "modprobe", module } })),
    });
  },
  unhide(facts, address, claim, key) {
    const option = findHideOption(modprobeFiles(facts.files));
    if (option.kind === "error") return refuse(option.reason);
    const unhidden = unhideByModprobe(modprobeFiles(facts.files), address, unneededModule(facts, key, claim, address));
    if (unhidden.length === 0) return NOTHING;
    const last = unhidden.some((edit) => edit.path === HIDE_FILE && edit.after === undefined);
    const edits = [...unhidden, ...((last ? moduleFileEdits(facts, undefined) : undefined) ?? [])];
    return part({
      steps: edits.map((edit) => bootFileEdit(facts, key, edit, [], "forget")),
      regenerate: [initramfsWith(moduleFor(claim, address))],
    });
  },
  consequences: ["the initramfs is rebuilt if it contains the driver of the device"],
};

function whyNotHide(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  if (facts.pciback.kind === undefined) {
    return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in. Install a kernel that has it`;
  }
  if (facts.pciback.module === "pciback") {
    return `its kernel ${facts.machine.kernelRelease} is too old for softdeps, which make a module wait for another`;
  }
  if (facts.pciback.kind === "builtin") {
    return "its kernel has xen-pciback built in, which takes its devices from kernel arguments before modprobe reads any file";
  }
  if (!facts.boot.softdep) {
    return "its modprobe (module-init-tools) has no softdeps, which make the driver of the device wait for xen-pciback";
  }
  const option = findHideOption(modprobeFiles(facts.files));
  if (option.kind === "error") return option.reason;
  const maker = initramfsMakerOf(facts.boot);
  if (maker === undefined) {
    return "its initramfs is built by none of initramfs-tools, dracut and mkinitfs, so it cannot be rebuilt with the change";
  }
  if (initramfsModuleFiles(maker, bootFiles(facts.files), undefined) === undefined) {
    return '/etc/mkinitfs/mkinitfs.conf has no plain features="…" line to which xen-pciback could be added. Write one';
  }
  const orphan = devices.find((device) => nativeModule(facts, device) === undefined);
  if (!orphan) return undefined;
  return orphan.driver !== undefined && !isStubDriver(facts, orphan.driver)
    ? `${orphan.address} has the driver ${orphan.driver}, which is built into the kernel and takes the device before any module is loaded`
    : `${orphan.address} has no driver module that could be made to wait for xen-pciback`;
}

/** The edits that add xen-pciback to the initramfs, or remove it again. */
function moduleFileEdits(facts: HostFacts, wanted: { readonly module: string; readonly folder: string } | undefined) {
  const maker = initramfsMakerOf(facts.boot);
  const files = maker && initramfsModuleFiles(maker, bootFiles(facts.files), wanted);
  return files?.flatMap(({ path, text }) => {
    const file = facts.files.byPath.get(path);
    return file?.text === text ? [] : [{ path: file?.target ?? path, before: file?.text, after: text }];
  });
}

function moduleFor(claim: Claim, address: PciAddress): string | undefined {
  return hiddenBy(claim.entries, "modprobe").find((entry) => entry.address === address)?.undo.module;
}

/** An initramfs without the driver need not be rebuilt: udev then loads the driver from the root file system. */
function initramfsWith(module: string | undefined): Regeneration {
  return { what: "initramfs", ...(module === undefined ? {} : { ifItHas: [module, "xen-pciback"] }) };
}

/** The module of this entry's softdep, unless another hidden function has the same module. */
function unneededModule(facts: HostFacts, key: string, claim: Claim, address: PciAddress): string | undefined {
  const module = moduleFor(claim, address);
  const siblings = hiddenBy(claim.entries, "modprobe").filter((entry) => entry.address !== address);
  const others = [...hiddenBy(otherEntries(facts, key), "modprobe"), ...siblings].filter((entry) =>
    isHiddenByModprobe(modprobeFiles(facts.files), entry.address),
  );
  return others.some(({ undo }) => undo.module === module) ? undefined : module;
}
