import type { Domain } from "../../../facts/domains";
import { formatPciTarget, functionOf, type PciAddress, targets } from "../../../pci/address";
import { originalOf } from "../../claim";
import { loss, neither } from "../../effect";
import { join, NOTHING, type Part, part, refuse } from "../../part";
import type { Detachment } from "../../vm-planner";
import type { AttachWish } from "../../wish";
import { entriesInVm, notEditable, withoutEntries } from "./config-entries";
import type { FileToolstack } from "./file-toolstack";
import type { FileVm } from "./find-vm";

/** Drafts the hot-unplug, and the removal of our entries from the configuration. */
export function draftDetach(tools: FileToolstack, detachment: Detachment<FileVm>): Part {
  const { facts, wish, vm, key, entries, stays } = detachment;
  const edit = configEdit(tools, detachment);
  if (edit.judgements.length > 0) return edit;
  const beside = tools.editsBeside(facts, { key, devices: [], options: {} }, entries);
  const domain = vm?.domain;
  const attached = domain ? devicesIn(domain, wish).filter((address) => !stays.has(address)) : [];
  const keeps = wish.scope === "config" && attached.length > 0;
  // xl and xm wait for the frontend of a PV guest, and for an HVM guest to eject it (libxl_pci.c, 4.17).
  if (domain?.paused && attached.length > 0 && !keeps)
    return refuse(`the VM "${domain.name}" is paused, but its guest has to take part. Unpause the VM, or shut it down`);
  return {
    ...join(unplug(tools, domain, keeps ? [] : attached), edit, { ...beside, effects: [] }),
    effects: [
      ...beside.effects,
      ...(keeps ? [] : [...attached].reverse()).map((address) =>
        loss(`${address} is unplugged from the running VM "${vm?.name}"`),
      ),
      ...edit.effects,
      ...(keeps
        ? [neither(`the running VM "${vm?.name}" keeps ${formatPciTarget(wish.target)} until it is restarted`)]
        : []),
    ],
  };
}

function unplug(tools: FileToolstack, domain: Domain | undefined, attached: readonly PciAddress[]): Part {
  if (!domain) return NOTHING;
  const vm = { domainId: domain.id, name: domain.name };
  return part({ steps: attached.map((address) => ({ kind: "detach", by: tools.name, vm, address })) });
}

function configEdit(tools: FileToolstack, { facts, wish, vm, key, entries }: Detachment<FileVm>): Part {
  const file = vm?.config?.file;
  if (!file) return NOTHING;
  const { target: path, text: before } = file;
  const edited = withoutEntries(facts, file, entriesInVm(entries), tools.language);
  if (edited.kind === "error") return refuse(notEditable(path, edited));
  if (edited.text === before) return NOTHING;
  const original = originalOf(facts, key, path, "forget");
  return part({
    steps: [
      {
        kind: "edit-vm-file",
        path,
        before,
        after: edited.text,
        original,
        vm: { name: vm.name, uuid: vm.config?.parsed.uuid },
        gives: [],
        seizes: [],
      },
    ],
    effects: [loss(`the entry for ${formatPciTarget(wish.target)} is removed from ${path}`)],
  });
}

function devicesIn(domain: Domain, wish: AttachWish): readonly PciAddress[] {
  return domain.pciDevices
    .map((device) => device.address)
    .filter((address) => targets(wish.target, address))
    .sort((a, b) => functionOf(b) - functionOf(a));
}
