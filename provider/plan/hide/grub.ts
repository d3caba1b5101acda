import { type HideParameter, hideByArgument, isHiddenByArgument, unhideByArgument } from "../../boot/hide-argument";
import type { ArgumentEdit } from "../../boot/kernel-line";
import { type HiddenEntry, hiddenBy } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import { simulate } from "../../steps/steps";
import { keptPlaces, sparing } from "../argument-places";
import { bootFileEdit } from "../boot-file-edit";
import { type BootArgumentsEdit, bootLines, defaultBootEntry, editBootArguments, futureBootLine } from "../boot-lines";
import { allEntries } from "../claim";
import { neither } from "../effect";
import type { HideMechanism } from "../hide-mechanism";
import { NOTHING, part, refuse } from "../part";

/** Up to Linux 3.0, the kernels from Xen name the driver's module without "xen-". */
function parameterOf(facts: HostFacts): HideParameter {
  return facts.pciback.module === "pciback" ? "pciback.hide" : "xen-pciback.hide";
}

/** Xen with pciback built into the kernel: its list in the arguments that the boot loader passes to dom0's kernel. */
export const grubHiding: HideMechanism = {
  name: "grub",
  hiddenBy: "grub",
  undoneByOldEntry: true,
  hosts: "xen",
  fits: (facts) => facts.pciback.kind !== "module",
  whyNotHide(facts, devices) {
    if (facts.pciback.kind !== "builtin") {
      return facts.pciback.kind === "module"
        ? "its xen-pciback is a module, which is loaded after the drivers of the devices, so a kernel argument has no effect"
        : `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in. Install a kernel that has it`;
    }
    return whyNoEdit(facts, devices);
  },
  isHidden(facts, address) {
    const hides = (line: string) => isHiddenByArgument(line, parameterOf(facts), address);
    const lines = bootLines(facts, "dom0");
    return (
      facts.pciback.kind === "builtin" &&
      lines.length > 0 &&
      lines.every(hides) &&
      hides(futureBootLine(facts, "dom0") ?? lines[0] ?? "")
    );
  },
  hide(facts, { address }, key) {
    const edit = editHide(facts, address);
    if (edit.kind === "error") return refuse(edit.reason);
    const kept = keptPlaces(facts, "dom0", removalOf(facts, address), undosOf(facts, address));
    const configs = edit.regenerate.flatMap((made) => (made.what === "grub-config" ? [`${made.path} is rebuilt`] : []));
    return part({
      steps: edit.edits.map((change) => bootFileEdit(facts, key, change, [address], "keep")),
      regenerate: edit.regenerate,
      entries: edit.edits.map(({ path }) => ({ kind: "hidden", path, address, undo: { mechanism: "grub", ...kept } })),
      effects: [
        ...edit.edits.map(({ path }) => `${path} gets ${address} in ${parameterOf(facts)}`),
        ...configs,
        ...otherDefault(facts),
      ].map(neither),
    });
  },
  unhide(facts, address, _claim, key) {
    const removal = sparing(removalOf(facts, address), undosOf(facts, address));
    const edit = editBootArguments(facts, "dom0", removal, "remove");
    if (edit.kind === "error") return refuse(edit.reason);
    if (edit.edits.length === 0) return NOTHING;
    return part({
      steps: edit.edits.map((change) => bootFileEdit(facts, key, change, [], "forget")),
      regenerate: edit.regenerate,
    });
  },
  consequences: [],
};

/** Only entries that boot Xen hide anything. */
function otherDefault(facts: HostFacts): readonly string[] {
  const entry = defaultBootEntry(facts);
  return entry?.boots === "linux"
    ? [`the entry that boots by default, "${entry.title}", does not boot Xen, so it hides nothing`]
    : [];
}

function editHide(facts: HostFacts, address: PciAddress): BootArgumentsEdit {
  return editBootArguments(
    facts,
    "dom0",
    { name: parameterOf(facts), edit: hideByArgument(parameterOf(facts), address) },
    "add",
  );
}

function removalOf(facts: HostFacts, address: PciAddress): ArgumentEdit {
  return { name: parameterOf(facts), edit: unhideByArgument(parameterOf(facts), address) };
}

/** The undos of what claims have of this function. */
function undosOf(facts: HostFacts, address: PciAddress): readonly HiddenEntry<"grub">["undo"][] {
  return hiddenBy(allEntries(facts), "grub").flatMap((entry) => (entry.address === address ? [entry.undo] : []));
}

function whyNoEdit(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  let edited = facts;
  for (const { address } of devices) {
    const edit = editHide(edited, address);
    if (edit.kind === "error") return edit.reason;
    edited = simulate(
      edited,
      edit.edits.map((change) => bootFileEdit(edited, "", change, [], "keep")),
    );
  }
  return undefined;
}
