import type { HostFacts } from "../../../facts/host-facts";
import { formatPciTarget, targets } from "../../../pci/address";
import type { VmPciEdit } from "../../../steps/step";
import { removePciItem } from "../../../vm-text/other-config-pci";
import { claimKey, claimToGiveBack } from "../../claim";
import { emptyPlan, type Plan, refusedPlan } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import { entriesOf, otherConfigOf, wasAbsent } from "./claim-entries";
import { findMachine, findVm } from "./find-vm";
import { devicesInVm } from "./live-devices";

/** In: facts and a wish that ends. Out: the VM's `other-config:pci` without our items. A VM that runs keeps the device until it is shut down. */
export function planDetach(facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Plan {
  const device = formatPciTarget(wish.target);
  const found = findVm(facts, wish.vm);
  const uuid = found.kind === "found" ? found.vm.key : wish.vm;
  const key = claimKey(wish, uuid);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${device} is not ours any more: nothing to take back`);
  if (found.kind === "unreadable" || found.kind === "several") return refusedPlan(found.reason);
  const machine = findMachine(facts, uuid);
  const dropClaim = { kind: "drop-claim", key, before: claim } as const;
  if (!machine) return { steps: [dropClaim], effects: ["the VM is gone"], warnings: [], refusals: [] };

  const before = machine.pci;
  const left = claim.entries.reduceRight((value, { entry }) => removePciItem(value, entry), before ?? "");
  const after = left === "" && wasAbsent(entriesOf(facts, otherConfigOf(machine.uuid))) ? undefined : left;
  const edit: VmPciEdit[] =
    before === undefined || before === after
      ? []
      : [{ kind: "set-vm-pci", vm: { uuid: machine.uuid, name: machine.name }, before, after, gives: [] }];
  const kept = devicesInVm(facts, machine).filter((address) => targets(wish.target, address));
  return {
    steps: [...edit, dropClaim],
    effects: [
      ...edit.map(
        (step) =>
          `other-config:pci of the VM "${machine.name}" ${step.after === undefined ? "goes away" : `becomes "${step.after}"`}`,
      ),
      // The plugged device stays over reboots of the guest (xenops_server.ml: PCI_DB.remove while it is connected).
      ...(kept.length > 0
        ? [
            `the VM "${machine.name}" keeps ${kept.join(", ")} until it is shut down; a reboot of the guest is not enough`,
          ]
        : []),
    ],
    warnings: [],
    refusals: [],
  };
}
