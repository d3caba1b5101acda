import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import { isStubDriver } from "../../../facts/stub-drivers";
import { targets } from "../../../pci/address";
import { ignoredItems } from "../../../vm-text/other-config-pci";
import { isHidden } from "../../hide/hide-mechanisms";
import type { PlanContext } from "../../wish";
import { hostName, type PoolVm } from "./find-vm";

/**
 * Warnings about what a VM with a device cannot do, and what XAPI does not check. Source: xen-api's docs,
 * xapi_vm_lifecycle.ml, agility.ml, 1.60 to 26.1.
 */
export function vmCautions(vm: PoolVm): readonly string[] {
  const { pool, machine, hostUuid } = vm;
  const name = `the VM "${vm.name}"`;
  const here = hostName(pool, hostUuid);
  return [
    `while it runs with the device, ${name} cannot be migrated, suspended or checkpointed`,
    ...highAvailability(vm),
    ...(pool.hosts.length === 1
      ? []
      : machine.affinity === hostUuid
        ? [
            `the pool has ${pool.hosts.length} hosts: start ${name} only on ${here} (xe vm-start on=${here}); on another host it would get the device that has this address there`,
          ]
        : [
            `${name} has ${machine.affinity === undefined ? "no home server" : `the home server ${hostName(pool, machine.affinity)}`}, so the pool may start it on a host other than ${here}, where it would get the device that has this address. Set the home server: xe vm-param-set uuid=${machine.uuid} affinity=${hostUuid}`,
          ]),
    ...(machine.snapshots > 0
      ? [`${name} has snapshots: reverting to one restores other-config:pci from that time`]
      : []),
    ...ignoredItems(machine.pci ?? "").map(
      (item) =>
        `XAPI ignores "${item}" in other-config:pci of ${name}: it does not match the form 0/0000:04:00.0. It is left unchanged`,
    ),
  ];
}

function highAvailability({ name, pool, machine }: PoolVm): readonly string[] {
  const priority = machine.haRestartPriority;
  if (priority === "")
    return [`high availability does not protect the VM "${name}", and should not: it ignores PCI devices`];
  const protects = pool.haEnabled ? "protects" : "would protect";
  return [
    `high availability ${protects} the VM "${name}" (${priority}), but ignores PCI devices: it may restart the VM on a host without the device. Remove the protection: xe vm-param-set uuid=${machine.uuid} ha-restart-priority=`,
  ];
}

/**
 * The device classes that xapi keeps records of (xapi_pci.ml: storage, network, display); only a record blocks a
 * migration.
 */
const KNOWN_CLASSES = ["01", "02", "03"];

/** Warnings about a device that XAPI gives to a VM. */
export function deviceCautions(
  facts: HostFacts,
  vm: PoolVm,
  device: PciDevice,
  program: PlanContext["program"],
): readonly string[] {
  const { address, driver, identity } = device;
  const declared = program.some((other) => other.kind !== "VmPciAttachment" && targets(other.target, address));
  const nic = facts.network.interfaces.find(
    ({ carriedBy }) => carriedBy !== undefined && carriedBy === device.physicalFunction,
  )?.name;
  const hidden = isHidden(facts, address);
  return [
    ...(isStubDriver(facts, driver) || declared
      ? []
      : [
          hidden
            ? `${address} will be hidden from the next boot of the host, and now has ${driver ? `the driver ${driver}` : "no driver"}: reboot the host before the VM starts`
            : `${address} is not hidden: when the VM starts, XAPI takes it from ${driver ? `the driver ${driver} of the host, which may not survive that` : "the host"}. Declare a HiddenPciDevice`,
        ]),
    ...(KNOWN_CLASSES.includes(identity.class.slice(0, 2))
      ? []
      : [
          `XAPI keeps no record of devices such as ${address} (${identity.label}), so it may allow the VM to be migrated or suspended: do neither`,
        ]),
    ...(identity.class.startsWith("03")
      ? vm.pool.gpuGroups.map(
          ({ vm: user, group }) =>
            `the VM "${user}" has a GPU of the group "${group}": make sure that ${address} is in no group in use`,
        )
      : []),
    ...(nic !== undefined && vm.pool.sriovNics.includes(nic)
      ? [
          `${address} is a virtual function of ${nic}, whose SR-IOV network assigns virtual functions to VMs automatically: it may assign this one to another VM. Remove that network, or use its virtual functions only through it`,
        ]
      : []),
  ];
}
