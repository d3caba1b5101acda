import type { HostFacts } from "../facts/host-facts";
import { interfacesUnder } from "../facts/network";
import { functionsOf, isBridge, type PciDevice } from "../facts/pci-devices";
import { xenIsAtLeast } from "../facts/xen";
import { functionOf, type PciAddress } from "../pci/address";
import type { Given } from "../steps/step-type";
import { givenBy, movedBy, type Step, takenBy } from "../steps/steps";
import type { Judgement } from "./guard";
import { type Holder, holderOf } from "./holder";
import { judgeIommuGroups } from "./judge-iommu-group";
import type { DeviceWish, ExpectedIdentity, PlanContext } from "./wish";

/** Objections to these steps. Only changes are judged, never the existing state, which does no new harm. */
export function judgeSteps(
  facts: HostFacts,
  steps: readonly Step[],
  wish: Pick<DeviceWish, "target" | "expect">,
  program: PlanContext["program"],
): readonly Judgement[] {
  const taken = steps.flatMap((step) => takenBy(step));
  const given = steps.flatMap((step) => givenBy(step));
  const moved = [...new Set(steps.flatMap((step) => movedBy(step)))];
  const lost = [...new Set(taken.map(({ address }) => address))];
  return [
    ...lost.flatMap((address) => {
      const device = facts.pciDevices.get(address);
      return device ? judgeTaking(facts, device) : [];
    }),
    ...(taken.some(({ when, to }) => when === "now" && to !== undefined) ? judgeIommu(facts) : []),
    ...(facts.xen ? [] : judgeIommuGroups(facts, { taken, given }, program)),
    ...moved.flatMap((address) => {
      const holder = holderOf(facts, address);
      return holder ? [inUse(holder, address)] : [];
    }),
    ...given.flatMap((gift) => judgeOtherUse(facts, gift)),
    ...(taken.length > 0 || given.length > 0 ? judgeIdentity(facts, wish) : []),
  ];
}

const BOOT_MOUNTS = ["/", "/boot", "/boot/efi", "/usr", "swap"];

function judgeTaking(facts: HostFacts, device: PciDevice): readonly Judgement[] {
  const judgements: Judgement[] = [];
  const what = `${device.address} (${device.identity.label})`;
  if (isBridge(device)) {
    judgements.push({
      guard: "bridge",
      evidence: `${what} is a bridge, which VMs cannot get. Name one of the devices behind it instead`,
    });
  }
  const carried = facts.storage.filter((use) => use.carriedBy.some((address) => isOrIsUnder(facts, address, device)));
  for (const use of carried) {
    const disk = use.blockDevices.at(-1) ?? "a disk";
    const boot = BOOT_MOUNTS.includes(use.mountPoint);
    judgements.push({
      guard: boot ? "boot-device" : "mounted-storage",
      evidence: `${what} carries ${disk}, which the host uses for ${use.mountPoint}${boot ? ": the host cannot run without it" : ". Unmount it first"}`,
    });
  }
  const session = facts.machine.sshServerAddress;
  const route = session === undefined ? [] : interfacesUnder(facts.network, session);
  for (const nic of facts.network) {
    if (nic.carriedBy === undefined || !isOrIsUnder(facts, nic.carriedBy, device)) continue;
    if (route.includes(nic)) {
      const path = route.map(({ name }) => name).reverse();
      judgements.push({
        guard: "ssh-route",
        evidence: `${what} is the network interface ${path.join(" under ")}, and the SSH session to ${session} goes through it: the host would become unreachable`,
      });
    } else if (nic.addresses.length > 0 || facts.network.some(({ lower }) => lower.includes(nic.name))) {
      const upper = facts.network.find(({ lower }) => lower.includes(nic.name));
      const use = upper ? `is part of ${upper.name}` : `has the address ${nic.addresses.join(", ")}`;
      judgements.push({
        guard: "host-network",
        evidence: `${what} is the network interface ${nic.name}, which ${use}`,
      });
    }
  }
  return [...judgements, ...judgeConsole(facts, device, what)];
}

function judgeConsole(facts: HostFacts, device: PciDevice, what: string): readonly Judgement[] {
  const keyboards = facts.console.keyboards
    .filter(({ carriedBy }) => carriedBy === device.address)
    .map(({ name }) => name);
  return [
    ...(facts.console.displays.includes(device.address)
      ? [
          {
            guard: "console-display",
            evidence: `${what} is the display that the host boots with: its console would go dark`,
          } as const,
        ]
      : []),
    ...(keyboards.length > 0
      ? [
          {
            guard: "console-input",
            evidence: `${what} has the keyboard ${keyboards.map((name) => `"${name}"`).join(" and ")}: the host would have no keyboard`,
          } as const,
        ]
      : []),
  ];
}

/** When a physical function is unbound from its driver, its virtual functions disappear. */
function isOrIsUnder(facts: HostFacts, address: PciAddress, device: PciDevice): boolean {
  return address === device.address || facts.pciDevices.get(address)?.physicalFunction === device.address;
}

// Without an IOMMU the quarantine fails, after the driver was switched (xen/drivers/passthrough/iommu.c, 4.17).
function judgeIommu(facts: HostFacts): readonly Judgement[] {
  if (facts.xen?.iommu !== false || !xenIsAtLeast(facts.xen, 4, 13)) return [];
  return [
    {
      guard: "no-iommu",
      evidence: `Xen ${facts.xen.major}.${facts.xen.minor} reports no IOMMU, which this version needs to make devices assignable. Switch on VT-d or AMD-Vi in the firmware`,
    },
  ];
}

/** A device that another running VM has cannot be hot-plugged. */
function judgeOtherUse(facts: HostFacts, { address, vm, scope }: Given): readonly Judgement[] {
  const holder = scope === "live" ? holderOf(facts, address) : undefined;
  return holder && holder.name !== vm.name ? [inUse(holder, address)] : [];
}

function inUse(holder: Holder, address: PciAddress): Judgement {
  return {
    guard: "in-use-by-vm",
    evidence: `the VM "${holder.name}" (${holder.state}) has ${address} now. Detach it there or shut the VM down first`,
  };
}

function judgeIdentity(facts: HostFacts, wish: Pick<DeviceWish, "target" | "expect">): readonly Judgement[] {
  return functionsOf(facts.pciDevices, wish.target).flatMap((device, index) => {
    const expected: ExpectedIdentity = wish.expect[index] ?? {};
    const differs = (["id", "subsystem"] as const).filter(
      (part) => expected[part] !== undefined && expected[part] !== device.identity[part],
    );
    return differs.map((part) => ({
      guard: "identity" as const,
      evidence: `${device.address} is ${device.identity.label} with ${part} ${device.identity[part]}, but the program expects ${expected[part]} (function ${functionOf(device.address)}): the hardware was changed or renumbered. Declare its new address (lspci -nn), or correct \`expect\``,
    }));
  });
}
