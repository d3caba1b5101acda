import type { Domain } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import { formatPciTarget, functionOf, type PciAddress, targets } from "../../../pci/address";
import type { FileEdit, Step } from "../../../steps/step";
import { claimKey, claimToGiveBack, othersHaveEntriesIn } from "../../claim";
import { emptyPlan, type Plan, refusedPlan } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import { notEditable, withoutEntries } from "./config-entries";
import type { FileToolstack } from "./file-toolstack";
import { findVm } from "./find-vm";

/** In: facts and a wish that ends. Out: the hot-unplug, and the configuration without our entries. */
export function planDetach(tools: FileToolstack, facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Plan {
  const found = findVm(tools, facts, wish.vm);
  const key = claimKey(wish, found.kind === "found" ? found.vm.key : wish.vm);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to take back`);
  if (found.kind === "unreadable" || found.kind === "several") return refusedPlan(found.reason);
  const vm = found.kind === "found" ? found.vm : undefined;
  const attached = vm?.domain && wish.scope !== "config" ? devicesIn(vm.domain, wish) : [];
  const domain = vm?.domain;
  const detach: Step[] = domain
    ? attached.map((address) => ({
        kind: "detach",
        by: tools.name,
        vm: { domainId: domain.id, name: domain.name },
        address,
      }))
    : [];
  const file = vm?.config?.file;
  const path = file?.target ?? "";
  const edited =
    file &&
    withoutEntries(
      facts,
      file,
      claim.entries.filter((entry) => entry.path === path),
      tools.language,
    );
  const beside = tools.editsBeside(facts, { key, devices: [], options: {} }, claim.entries);
  if (edited?.kind === "error") return refusedPlan(notEditable(path, edited));
  const original = othersHaveEntriesIn(facts, key, path) ? "leave" : "forget";
  const edit: FileEdit[] =
    edited && edited.text !== file?.text
      ? [{ kind: "edit-file", path, before: file?.text, after: edited.text, hides: [], original }]
      : [];
  const keeps = domain && wish.scope === "config" && devicesIn(domain, wish).length > 0;
  return {
    steps: [...detach, ...edit, ...beside.steps, { kind: "drop-claim", key, before: claim }],
    effects: [
      ...beside.effects,
      ...attached.map((address) => `${address} leaves the running VM "${vm?.name}"`),
      ...(edit.length > 0 ? [`${path} loses its entry for ${formatPciTarget(wish.target)}`] : []),
      ...(keeps ? [`the running VM "${vm?.name}" keeps ${formatPciTarget(wish.target)} until it is restarted`] : []),
    ],
    warnings: [],
    refusals: [],
  };
}

function devicesIn(domain: Domain, wish: AttachWish): readonly PciAddress[] {
  return domain.pciDevices
    .map((device) => device.address)
    .filter((address) => targets(wish.target, address))
    .sort((a, b) => functionOf(b) - functionOf(a));
}
