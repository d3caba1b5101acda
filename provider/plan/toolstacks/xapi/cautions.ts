import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import { targets } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import { ignoredItems } from "../../../vm-text/other-config-pci";
import { isHidden } from "../../hide/hide-mechanisms";
import type { PlanContext } from "../../wish";
import { hostName, type PoolVm } from "./find-vm";

/** What a VM gives up for a device, and what XAPI does not look after. Sources: docs of xen-api, xapi_vm_lifecycle.ml, agility.ml, 1.60 to 26.1. */
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
            `the pool has ${pool.hosts.length} hosts: start ${name} on ${here} alone (xe vm-start on=${here}); on another it would take what has the address there`,
          ]
        : [
            `${name} has ${machine.affinity === undefined ? "no home server" : `the home server ${hostName(pool, machine.affinity)}`}, so the pool may start it on another host than ${here}, where it would take what has the address there: xe vm-param-set uuid=${machine.uuid} affinity=${hostUuid}`,
          ]),
    ...(machine.snapshots > 0
      ? [`${name} has snapshots: reverting to one takes other-config:pci back to what it was then`]
      : []),
    ...ignoredItems(machine.pci ?? "").map(
      (item) =>
        `XAPI ignores "${item}" in other-config:pci of ${name}: it is not of the form 0/0000:04:00.0. It is kept as it is`,
    ),
  ];
}

function highAvailability({ name, pool, machine }: PoolVm): readonly string[] {
  const priority = machine.haRestartPriority;
  if (priority === "")
    return [`high availability does not protect the VM "${name}", and should not: it does not count PCI devices`];
  const protects = pool.haEnabled ? "protects" : "would protect";
  return [
    `high availability ${protects} the VM "${name}" (${priority}), and does not count PCI devices: it may restart it where there is none. Take it out: xe vm-param-set uuid=${machine.uuid} ha-restart-priority=`,
  ];
}

/** Class codes that xapi keeps records of (xapi_pci.ml: storage, network, display); it blocks a migration only with a record. */
const KNOWN_CLASSES = ["01", "02", "03"];

/** What should be known of one device that XAPI gives to a VM. */
export function deviceCautions(
  facts: HostFacts,
  vm: PoolVm,
  device: PciDevice,
  program: PlanContext["program"],
): readonly string[] {
  const { address, driver, identity } = device;
  const declared = program.some((other) => other.kind !== "VmPciAttachment" && targets(other.target, address));
  const nic = facts.network.find((one) => one.carriedBy === device.physicalFunction)?.name;
  const hidden = isHidden(facts, address);
  return [
    ...(isStubDriver(driver) || declared
      ? []
      : [
          hidden
            ? `${address} is hidden from the next boot of the host on, and still has ${driver ? `the driver ${driver}` : "no driver"}: reboot the host before the VM starts`
            : `${address} is not hidden: when the VM starts, XAPI takes it from ${driver ? `the driver ${driver} of the host, which may not survive that` : "the host"}. Declare a HiddenPciDevice`,
        ]),
    ...(KNOWN_CLASSES.includes(identity.class.slice(0, 2))
      ? []
      : [
          `XAPI keeps no record of devices such as ${address} (${identity.label}), and may let the VM be migrated or suspended: do neither`,
        ]),
    ...(identity.class.startsWith("03")
      ? vm.pool.gpuGroups.map(
          (one) =>
            `the VM "${one.vm}" has a GPU of the group "${one.group}": see that ${address} is in no group that is used`,
        )
      : []),
    ...(nic !== undefined && vm.pool.sriovNics.includes(nic)
      ? [
          `${address} is a virtual function of ${nic}, whose SR-IOV network hands them out to VMs by itself: the two may take the same one`,
        ]
      : []),
  ];
}
