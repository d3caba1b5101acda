import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { type PhysicalFunction, virtualFunctionsRulePath, virtualFunctionsRules } from "../../facts/virtual-functions";
import { formatPciTarget, type PciAddress } from "../../pci/address";
import { isStubDriver } from "../../pci/stub-driver";
import type { FileEdit, Step } from "../../steps/step";
import { claimFor, claimKey, claimToGiveBack, findClaim, refuseForeignClaim } from "../claim";
import { judgeSteps } from "../judge";
import { noSuchDevice } from "../no-such-device";
import { emptyPlan, type Plan, type Refusal, refusedPlan } from "../plan";
import type { Status } from "../status";
import type { PlanContext, VirtualFunctionsWish } from "../wish";

/** In: facts and the wish for so many virtual functions, now and after each boot. Out: the number, and the rule that makes them at boot. */
export function planVirtualFunctions(facts: HostFacts, wish: VirtualFunctionsWish, { owner }: PlanContext): Plan {
  const name = formatPciTarget(wish.target);
  const found = findPhysicalFunction(facts, wish);
  if (found.kind === "unfit") return refusedPlan(found.reason);
  const { address, physical } = found;
  if (wish.count > physical.most)
    return refusedPlan(
      `${name} can have at most ${physical.most} virtual functions, and the program wants ${wish.count}`,
    );
  const key = claimKey(wish);
  const ours = findClaim(facts, key)?.virtualFunctions;
  if (physical.count !== wish.count && physical.count !== 0 && physical.count !== ours?.made)
    return refusedPlan(
      `${name} has ${physical.count} virtual functions that we did not make. Declare that count, or take them away first: echo 0 > /sys/bus/pci/devices/${address}/sriov_numvfs`,
    );
  const { steps: claimSteps } = claimFor(facts, key, owner, {
    drivers: [],
    entries: [],
    virtualFunctions: { before: ours?.before ?? physical.count, made: wish.count },
  });
  const change = changeCount(facts, address, physical, wish.count);
  const rule = editRule(facts, address, ruleText(address, wish.count));
  return {
    steps: [...claimSteps, ...change, ...rule],
    effects: [
      ...effectsOf(facts, address, change),
      ...(ours === undefined && physical.count === wish.count
        ? [`${name} has ${physical.count} virtual functions already: taken over as found, and left there by a destroy`]
        : []),
      ...(rule.length > 0 ? [`a udev rule makes the ${wish.count} virtual functions of ${name} at each boot`] : []),
    ],
    warnings: [],
    refusals: [...refuseForeignClaim(facts, key, owner), ...judgeChange(facts, wish, change)],
  };
}

/** In: facts and a wish that ends. Out: the number of before us, and no rule of ours. */
export function planWithoutVirtualFunctions(
  facts: HostFacts,
  wish: VirtualFunctionsWish,
  { owner }: PlanContext,
): Plan {
  const key = claimKey(wish);
  const claim = claimToGiveBack(facts, key, owner);
  const name = formatPciTarget(wish.target);
  if (!claim) return emptyPlan(`the virtual functions of ${name} are not ours any more: nothing to take back`);
  const found = findPhysicalFunction(facts, wish);
  const change = found.kind === "found" ? giveBackCount(facts, found, claim) : [];
  const left = found.kind === "found" && change.length === 0 ? found.physical.count : 0;
  const rule = found.kind === "found" ? editRule(facts, found.address, undefined) : [];
  return {
    steps: [...change, ...rule, { kind: "drop-claim", key, before: claim }],
    effects: [
      ...(found.kind === "found" ? effectsOf(facts, found.address, change) : []),
      ...(left > 0 ? [`${name} keeps ${left} virtual functions, which we did not make`] : []),
    ],
    warnings: [],
    refusals: judgeChange(facts, wish, change),
  };
}

export interface VirtualFunctionsStatus extends Status {
  /** In the device's own order: what `device` of other resources takes. */
  readonly addresses: readonly PciAddress[];
}

export function virtualFunctionsStatus(facts: HostFacts, wish: VirtualFunctionsWish): VirtualFunctionsStatus {
  const found = findPhysicalFunction(facts, wish);
  const physical = found.kind === "found" ? found.physical : undefined;
  const active = physical?.count === wish.count;
  const addresses = physical?.functions ?? [];
  return {
    addresses,
    functions: addresses.flatMap((address) => {
      const device = facts.pciDevices.get(address);
      return device ? [{ address, identity: device.identity, active }] : [];
    }),
    configured: found.kind === "found" && ruleOf(facts, found.address) === ruleText(found.address, wish.count),
    active,
    pending: "none",
    bootChange: "",
  };
}

/**
 * What udev does at each boot. The driver takes the number only once it is bound: it is bound at "bind" (Linux 4.14 and
 * later), at a coldplug "add" after an initramfs that bound it, and when its network interface appears (older kernels).
 */
function ruleText(address: PciAddress, count: number): string {
  return `# Virtual functions that pulumi-pci-passthrough makes at each boot.
ACTION=="add|bind", SUBSYSTEM=="pci", KERNEL=="${address}", DRIVER=="?*", ATTR{sriov_numvfs}="${count}"
ACTION=="add", SUBSYSTEM=="net", KERNELS=="${address}", ATTR{device/sriov_numvfs}="${count}"
`;
}

type Found =
  | { readonly kind: "found"; readonly address: PciAddress; readonly physical: PhysicalFunction }
  | { readonly kind: "unfit"; readonly reason: string };

function findPhysicalFunction(facts: HostFacts, wish: VirtualFunctionsWish): Found {
  const name = formatPciTarget(wish.target);
  const address = wish.target.kind === "function" ? wish.target.address : undefined;
  const device = address && facts.pciDevices.get(address);
  if (!device || !address) return { kind: "unfit", reason: noSuchDevice(facts, name) };
  if (device.physicalFunction !== undefined)
    return { kind: "unfit", reason: `${name} is itself a virtual function of ${device.physicalFunction}: name that` };
  const physical = facts.virtualFunctions.physicalFunctions.get(address);
  if (!physical || physical.most === 0)
    return {
      kind: "unfit",
      reason: `${name} (${device.identity.label}) has no virtual functions to make: it has no SR-IOV, or the firmware of the host or of the device has it switched off`,
    };
  if (device.driver === undefined || isStubDriver(device.driver))
    return {
      kind: "unfit",
      reason: `${name} has ${device.driver === undefined ? "no driver" : `the stub driver ${device.driver}`}, and its own driver makes the virtual functions. Give it back to that first`,
    };
  if (!facts.virtualFunctions.udev)
    return {
      kind: "unfit",
      reason: "virtual functions are gone after each reboot, and it has no udev that could make them again",
    };
  return { kind: "found", address, physical };
}

function changeCount(facts: HostFacts, address: PciAddress, physical: PhysicalFunction, count: number): Step[] {
  if (physical.count === count) return [];
  const functions = physical.functions.map((one) => ({ address: one, driver: facts.pciDevices.get(one)?.driver }));
  return [{ kind: "set-virtual-functions", address, from: { count: physical.count, functions }, to: count }];
}

/** Somebody else's number stays. */
function giveBackCount(facts: HostFacts, found: Extract<Found, { kind: "found" }>, claim: Claim): Step[] {
  const { virtualFunctions: ours } = claim;
  if (!ours || found.physical.count !== ours.made) return [];
  return changeCount(facts, found.address, found.physical, ours.before);
}

function effectsOf(facts: HostFacts, address: PciAddress, change: readonly Step[]): readonly string[] {
  const label = facts.pciDevices.get(address)?.identity.label ?? "";
  return change.flatMap((step) => {
    if (step.kind !== "set-virtual-functions") return [];
    const goes = step.from.functions.map((one) => one.address).join(", ");
    return [
      ...(goes === "" ? [] : [`the virtual functions ${goes} of ${address} go away`]),
      ...(step.to === 0 ? [] : [`${address} (${label}) gets ${step.to} virtual functions`]),
    ];
  });
}

/** A count changes only through zero, so none of them may be in use. */
function judgeChange(facts: HostFacts, wish: VirtualFunctionsWish, change: readonly Step[]): readonly Refusal[] {
  const onStub = change.flatMap((step) =>
    step.kind === "set-virtual-functions" ? step.from.functions.filter((one) => isStubDriver(one.driver)) : [],
  );
  return [
    ...onStub.map(({ address, driver }) => ({
      guard: undefined,
      message: `its virtual function ${address} is on ${driver}, for a VM, and any change of their number takes all of them away first. Take out what declares ${address}, run "pulumi up", and then change the number`,
    })),
    ...judgeSteps(facts, wish, change),
  ];
}

function editRule(facts: HostFacts, address: PciAddress, after: string | undefined): FileEdit[] {
  const before = ruleOf(facts, address);
  if (before === after) return [];
  return [
    {
      kind: "edit-file",
      path: virtualFunctionsRulePath(address),
      before,
      after,
      hides: [],
      original: "leave",
    },
  ];
}

function ruleOf(facts: HostFacts, address: PciAddress): string | undefined {
  return virtualFunctionsRules(facts.files).find((file) => file.path === virtualFunctionsRulePath(address))?.text;
}
