import { entriesOf } from "../../../claims/claim-entry";
import { targets } from "../../../pci/address";
import type { VmPciEdit } from "../../../steps/xapi";
import { removePciItem } from "../../../vm-text/other-config-pci";
import { loss, neither } from "../../effect";
import { type Part, part } from "../../part";
import type { Detachment } from "../../vm-planner";
import { findMachine, type PoolVm } from "./find-vm";
import { devicesInVm } from "./live-devices";
import { hadNoKey } from "./pci-items";

/**
 * Drafts the removal of our items from the VM's `other-config:pci`. A running VM keeps the device until it is shut
 * down.
 */
export function draftDetach({ facts, wish, vm, entries }: Detachment<PoolVm>): Part {
  const machine = findMachine(facts, vm?.key ?? wish.vm);
  if (!machine) return part({ effects: [neither("the VM no longer exists: nothing to detach")] });
  const { uuid, name, pci: before } = machine;
  const items = entriesOf(entries, "xapi");
  const left = items.reduceRight((value, { item }) => removePciItem(value, item), before ?? "");
  const after = left === "" && hadNoKey(facts, uuid) ? undefined : left;
  const edit: VmPciEdit[] =
    before === undefined || before === after
      ? []
      : [{ kind: "set-vm-pci", vm: { uuid, name }, before, after, gives: [], takes: [] }];
  const kept = devicesInVm(facts, machine).filter((address) => targets(wish.target, address));
  return part({
    steps: edit,
    effects: [
      ...edit.map((step) =>
        loss(
          `other-config:pci of the VM "${name}" ${step.after === undefined ? "is removed" : `becomes "${step.after}"`}`,
        ),
      ),
      // The plugged device survives reboots of the guest (xenops_server.ml: PCI_DB.remove while it is connected).
      ...(kept.length > 0
        ? [
            neither(
              `the VM "${name}" keeps ${kept.join(", ")} until it is shut down; a reboot of the guest is not enough`,
            ),
          ]
        : []),
    ],
  });
}
