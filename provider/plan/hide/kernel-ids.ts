import { addIdArgument, catches, idsOf, removeIdArgument, withId, withoutId } from "../../boot/id-list";
import type { ArgumentEdit } from "../../boot/kernel-line";
import type { Claim } from "../../claims/claim";
import { type HiddenEntry, hiddenBy } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import { modprobeFiles } from "../../facts/modprobe";
import type { PciDevice } from "../../facts/pci-devices";
import { keptByObject } from "../../kept-by-object";
import type { PciAddress } from "../../pci/address";
import type { StubDriver } from "../../pci/stub-driver";
import { keptPlaces, sparing } from "../argument-places";
import { bootFileEdit } from "../boot-file-edit";
import { bootLines, editBootArguments, futureBootLine } from "../boot-lines";
import { allEntries, otherEntries } from "../claim";
import { loss } from "../effect";
import type { HideMechanism } from "../hide-mechanism";
import { nativeModule } from "../native-module";
import { NOTHING, type Part, part, refuse } from "../part";

/** Used when the stub driver is a module. A file of its own, since modprobe passes a module only one list. */
const IDS_FILE = "/etc/modprobe.d/pulumi-pci-passthrough-ids.conf";

const STUBS = ["vfio-pci", "pci-stub"] as const;

/**
 * KVM, only by name: the stub driver takes every device with a vendor and device id, listed in kernel or modprobe
 * arguments.
 */
export const kernelIdsHiding: HideMechanism = {
  name: "kernel-ids",
  hiddenBy: "kernel-ids",
  undoneByOldEntry: false,
  hosts: "kvm",
  onlyByName: true,
  whyNotHide(facts, devices, stub) {
    const kind = facts.stubDrivers.forms.get(stub);
    if (kind === undefined) {
      return `its kernel ${facts.machine.kernelRelease} has no ${stub}, neither as a module nor built in. Install a kernel that has it`;
    }
    if (kind === "module") return whyNotByModule(facts, devices, stub);
    const errors = devices.map((device) => editBootArguments(facts, "linux", added(stub, device), "add"));
    return errors.flatMap((edit) => (edit.kind === "error" ? [edit.reason] : []))[0];
  },
  isHidden(facts, address) {
    const device = facts.pciDevices.get(address);
    return (
      device !== undefined &&
      listsOn(facts).some((lists) => lists.length > 0 && lists.every((list) => catches(list, device.identity)))
    );
  },
  hide(facts, device, key, stub) {
    const caught = [...facts.pciDevices.values()].filter(({ identity }) => identity.id === device.identity.id);
    const draft =
      facts.stubDrivers.forms.get(stub) === "module"
        ? hideByModule(facts, device, stub, caught)
        : hideByArgument(facts, device, key, stub, caught);
    const names = caught.map(({ address, identity }) => `${address} (${identity.label})`).join(", ");
    return { ...draft, effects: [loss(`${stub} takes every device with the id ${device.identity.id}: ${names}`)] };
  },
  unhide(facts, address, claim, key) {
    const undo = undoFor(claim, address);
    if (!undo || othersNeed(facts, key, claim, address, (other) => other.id === undo.id)) return NOTHING;
    if (facts.stubDrivers.forms.get(undo.stub) !== "module") {
      const edit = editBootArguments(facts, "linux", sparing(removalOf(undo), [undo]), "remove");
      if (edit.kind === "error") return refuse(edit.reason);
      if (edit.edits.length === 0) return NOTHING;
      return part({
        steps: edit.edits.map((text) => bootFileEdit(facts, key, text, [], "forget")),
        regenerate: edit.regenerate,
      });
    }
    const before = readIdsFile(facts);
    const { stub, module } = undo;
    const drops = module !== undefined && !othersNeed(facts, key, claim, address, (other) => other.module === module);
    const modules = (before?.modules ?? []).filter((waiting) => !drops || waiting !== module);
    return editIdsFile(facts, { stub, ids: withoutId(before?.ids ?? "", undo.id), modules }, [], module);
  },
  consequences: [],
};

type Undo = HiddenEntry<"kernel-ids">["undo"];

function added(stub: StubDriver, device: PciDevice) {
  return { name: `${stub}.ids`, edit: addIdArgument(`${stub}.ids`, device.identity.id) };
}

function removalOf({ stub, id }: Pick<Undo, "stub" | "id">): ArgumentEdit {
  return { name: `${stub}.ids`, edit: removeIdArgument(`${stub}.ids`, id) };
}

/** The lists of each place: those of all boot loader entries, and that of modprobe. */
function listsOf(facts: HostFacts, stub: StubDriver): readonly (readonly string[])[] {
  const parameter = `${stub}.ids`;
  const future = futureBootLine(facts, "linux");
  const lines = [...bootLines(facts, "linux"), ...(future === undefined ? [] : [future])];
  const idsFile = readIdsFile(facts);
  return [lines.map((line) => idsOf(line, parameter) ?? ""), idsFile?.stub === stub ? [idsFile.ids] : []];
}

/** Those of all stub drivers; the status of every function looks through them. */
const listsOn = keptByObject((facts: HostFacts) => STUBS.flatMap((stub) => listsOf(facts, stub)));

function hideByArgument(
  facts: HostFacts,
  device: PciDevice,
  key: string,
  stub: StubDriver,
  caught: readonly PciDevice[],
): Part {
  const edit = editBootArguments(facts, "linux", added(stub, device), "add");
  if (edit.kind === "error") return refuse(edit.reason);
  const hides = caught.map(({ address }) => address);
  const { id } = device.identity;
  const known = hiddenBy(allEntries(facts), "kernel-ids").flatMap((entry) =>
    entry.undo.id === id ? [entry.undo] : [],
  );
  const kept = keptPlaces(facts, "linux", removalOf({ stub, id }), known);
  const undo: Undo = { mechanism: "kernel-ids", stub, id, ...kept };
  return part({
    steps: edit.edits.map((change) => bootFileEdit(facts, key, change, hides, "keep")),
    regenerate: edit.regenerate,
    entries: edit.edits.map(({ path }) => ({ kind: "hidden", path, address: device.address, undo })),
  });
}

function hideByModule(facts: HostFacts, device: PciDevice, stub: StubDriver, caught: readonly PciDevice[]): Part {
  const before = readIdsFile(facts);
  const module = nativeModule(facts, device);
  const modules = caught.flatMap((other) => nativeModule(facts, other) ?? []);
  const after = {
    stub,
    ids: withId(before?.ids ?? "", device.identity.id),
    modules: [...new Set([...(before?.modules ?? []), ...modules])].sort(),
  };
  const hides = caught.map(({ address }) => address);
  const undo: Undo = {
    mechanism: "kernel-ids",
    stub,
    id: device.identity.id,
    ...(module === undefined ? {} : { module }),
  };
  return {
    ...editIdsFile(facts, after, hides, module),
    entries: [{ kind: "hidden", path: IDS_FILE, address: device.address, undo }],
  };
}

function whyNotByModule(facts: HostFacts, devices: readonly PciDevice[], stub: StubDriver): string | undefined {
  if (!facts.boot.softdep)
    return `its modprobe (module-init-tools) has no softdeps, which make the drivers of the devices wait for ${stub}. Set mechanism: "driver-override"`;
  const name = stub.replaceAll("-", "[-_]");
  const other = modprobeFiles(facts.files).find(
    ({ path, text }) =>
      path !== IDS_FILE && new RegExp(`^[ \\t]*options[ \\t]+${name}[ \\t](?:.*[ \\t])?ids=`, "m").test(text),
  );
  if (other)
    return `${other.path} gives ${stub} ids already, and the module reads only one list. Add the id there, or set mechanism: "driver-override"`;
  const idsFile = readIdsFile(facts);
  if (idsFile && idsFile.stub !== stub)
    return `${IDS_FILE} is for ${idsFile.stub}, and a host can use only one stub driver. Set driver: "${idsFile.stub}"`;
  const orphan = devices.find((device) => nativeModule(facts, device) === undefined);
  return (
    orphan &&
    `${orphan.address} has no driver module that could be made to wait for ${stub}. Set mechanism: "driver-override"`
  );
}

interface IdsFile {
  readonly stub: StubDriver;
  readonly ids: string;
  /** Modules that are loaded after the stub driver. */
  readonly modules: readonly string[];
}

const HEADER =
  "# Devices that a stub driver takes at boot by their ids, before their own drivers (pulumi-pci-passthrough).\n";

function readIdsFile(facts: HostFacts): IdsFile | undefined {
  const text = facts.files.byPath.get(IDS_FILE)?.text ?? "";
  const options = /^options (\S+) ids=(\S*)$/m.exec(text);
  const stub = STUBS.find((name) => name === options?.[1]);
  if (!stub) return undefined;
  return {
    stub,
    ids: options?.[2] ?? "",
    modules: [...text.matchAll(/^softdep (\S+) pre: /gm)].map((match) => match[1] ?? ""),
  };
}

function editIdsFile(facts: HostFacts, file: IdsFile, hides: readonly PciAddress[], module: string | undefined): Part {
  const before = facts.files.byPath.get(IDS_FILE)?.text;
  const softdeps = file.modules.map((waiting) => `softdep ${waiting} pre: ${file.stub}\n`).join("");
  const after = file.ids === "" ? undefined : `${HEADER}options ${file.stub} ids=${file.ids}\n${softdeps}`;
  if (before === after) return NOTHING;
  return part({
    steps: [{ kind: "edit-file", path: IDS_FILE, before, after, hides, original: "leave" }],
    regenerate: [{ what: "initramfs", ...(module === undefined ? {} : { ifItHas: [module, file.stub] }) }],
  });
}

function undoFor(claim: Claim, address: PciAddress): Undo | undefined {
  return hiddenBy(claim.entries, "kernel-ids").find((entry) => entry.address === address)?.undo;
}

/** Whether another hidden function needs the same. */
function othersNeed(
  facts: HostFacts,
  key: string,
  claim: Claim,
  address: PciAddress,
  same: (undo: Undo) => boolean,
): boolean {
  const others = hiddenBy(otherEntries(facts, key), "kernel-ids");
  // The functions of a claim are unhidden one by one, last first: those before this one still need it.
  const siblings = hiddenBy(claim.entries, "kernel-ids");
  const earlier = siblings.slice(
    0,
    siblings.findIndex((entry) => entry.address === address),
  );
  return [...others, ...earlier].some(({ undo }) => same(undo));
}
