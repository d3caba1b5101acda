import { z } from "zod";
import type { Claim } from "../../claims/claim";
import type { KeyedClaim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { isStubDriver } from "../../facts/stub-drivers";
import { type PhysicalFunction, virtualFunctionsRulePath, virtualFunctionsRules } from "../../facts/virtual-functions";
import { formatPciTarget, type PciAddress, parsePciAddress } from "../../pci/address";
import type { FileEdit } from "../../steps/file";
import type { SetVirtualFunctions } from "../../steps/virtual-functions";
import { claimedFunctions, claimFor, claimKey, dropClaim, endClaim, findClaim, judgeClaim } from "../claim";
import { type Effect, gain, loss, neither } from "../effect";
import type { Judgement } from "../guards/guards";
import { allowInput, DeviceInput, deviceInputs, deviceWish } from "../inputs/device-inputs";
import { defineKind } from "../kind";
import { noSuchDevice } from "../no-such-device";
import { type Part, part, refuse, unchanged } from "../part";
import { deviceOutputs, type Status } from "../status";
import type { PlanContext, VirtualFunctionsWish } from "../wish";

/** SriovVirtualFunctions: a physical function has `count` virtual functions, now and after each boot. */
export const sriovVirtualFunctions = defineKind({
  description:
    "Creates the virtual functions of a device with SR-IOV, now and, by a udev rule, after each reboot. A destroy restores the previous number.",
  inputs: z.strictObject({
    host: deviceInputs.host,
    device: DeviceInput.refine((device) => parsePciAddress(device) !== undefined, {
      error: (issue) =>
        `"${issue.input}" is a slot, but virtual functions belong to a single function: name that, as in "${issue.input}.0"`,
    }).describe("Address of the physical function: `0000:03:00.0` or `03:00.0`."),
    count: z
      .int()
      .min(1, "must be 1 or more; to have none, remove the resource")
      .describe(
        "The number of virtual functions, from 1 to what the device supports. A change removes all of them first, and is refused while a VM or the host uses any.",
      ),
    allow: allowInput("host-network"),
  }),
  outputs: deviceOutputs.extend({
    addresses: z
      .array(z.string())
      .describe(
        "Addresses of the virtual functions in the device's own order, each a `device` for other resources: `0000:03:10.0`.",
      ),
  }),
  keyInputs: ["device"],
  identity: [],
  changesBoot: false,
  previewedWithout: [],
  foretold: ["functions", "configured", "active", "pending"],
  property: "device",
  wish: (inputs): VirtualFunctionsWish => ({
    kind: "SriovVirtualFunctions",
    ...deviceWish({ ...inputs, expect: undefined }),
    count: inputs.count,
  }),
  key: (_, wish) => claimKey(wish),
  present: makeFunctions,
  absent: giveBackFunctions,
  status: statusOfFunctions,
  isGone(facts, wish, key) {
    const { configured, active } = statusOfFunctions(facts, wish);
    return !findClaim(facts, key) && !configured && !active;
  },
  purpose: (_, wish, purpose) =>
    purpose === "present"
      ? `give ${formatPciTarget(wish.target)} ${wish.count} virtual functions`
      : `remove the virtual functions of ${formatPciTarget(wish.target)}`,
});

/** Sets the number, and writes the udev rule that sets it at each boot. */
function makeFunctions(facts: HostFacts, wish: VirtualFunctionsWish, { owner }: PlanContext): Part {
  const name = formatPciTarget(wish.target);
  const found = findPhysicalFunction(facts, wish);
  if (found.kind === "none") return refuse(found.reason);
  const { address, physical } = found;
  if (wish.count > physical.most)
    return refuse(
      `${name} can have at most ${physical.most} virtual functions, but the program wants ${wish.count}. Lower \`count\``,
    );
  const key = claimKey(wish);
  const claim = findClaim(facts, key);
  const recorded = claim?.virtualFunctions;
  if (physical.count !== wish.count && physical.count !== 0 && !isOurs(recorded, physical.count))
    return refuse(
      `${name} has ${physical.count} virtual functions that this resource did not make. Declare that count, or remove them first: "echo 0 > /sys/bus/pci/devices/${address}/sriov_numvfs"`,
    );
  const device = facts.pciDevices.get(address);
  const formerly = recorded && recorded.made !== wish.count ? recorded.made : recorded?.formerly;
  const claimSteps = claimFor(facts, key, owner, {
    functions: claimedFunctions(claim, device ? [device] : []),
    entries: [],
    virtualFunctions: {
      before: recorded?.before ?? physical.count,
      made: wish.count,
      ...(formerly === undefined ? {} : { formerly }),
    },
  });
  const change = changeCount(facts, address, physical, wish.count);
  const rule = editRule(facts, address, ruleText(address, wish.count));
  return part({
    steps: [...claimSteps, ...change, ...rule],
    effects: [
      ...effectsOf(facts, address, change),
      ...(recorded === undefined && physical.count === wish.count
        ? [
            neither(
              `${name} has ${physical.count} virtual functions already: adopted as found, and left there by a destroy`,
            ),
          ]
        : []),
      ...(rule.length > 0
        ? [neither(`a udev rule creates the ${wish.count} virtual functions of ${name} at each boot`)]
        : []),
    ],
    judgements: [...judgeClaim(facts, key, owner), ...judgeChange(facts, change)],
  });
}

/** Restores the original number, and removes the udev rule. */
function giveBackFunctions(facts: HostFacts, wish: VirtualFunctionsWish, { owner }: PlanContext): Part {
  const key = claimKey(wish);
  const name = formatPciTarget(wish.target);
  const withoutClaim = unchanged(
    `the virtual functions of ${name} are no longer managed by this stack: nothing to take back`,
  );
  return endClaim(facts, key, owner, withoutClaim, (claim, moved) => restoreCount(facts, wish, claim, moved));
}

function restoreCount(
  facts: HostFacts,
  wish: VirtualFunctionsWish,
  { key, claim }: KeyedClaim,
  moved: ReadonlySet<PciAddress>,
): Part {
  const name = formatPciTarget(wish.target);
  const rules = claim.functions.flatMap(({ address }) => editRule(facts, address, undefined));
  const found = findPhysicalFunction(facts, wish);
  if (found.kind === "none" || moved.has(found.address)) return part({ steps: [...rules, dropClaim(key, claim)] });
  const change = giveBackCount(facts, found, claim);
  const left = change.length === 0 ? found.physical.count : 0;
  return part({
    steps: [...change, ...rules, dropClaim(key, claim)],
    effects: [
      ...effectsOf(facts, found.address, change),
      ...(left > 0 ? [neither(`${name} keeps ${left} virtual functions, which this resource did not make`)] : []),
    ],
    judgements: judgeChange(facts, change),
  });
}

/** The status of virtual functions, with their addresses. */
export interface VirtualFunctionsStatus extends Status {
  /** The virtual functions in the device's own order: what the input `device` of other resources takes. */
  readonly addresses: readonly PciAddress[];
}

function statusOfFunctions(facts: HostFacts, wish: VirtualFunctionsWish): VirtualFunctionsStatus {
  const found = findPhysicalFunction(facts, wish);
  const physical = found.kind === "found" ? found.physical : undefined;
  const active = physical?.count === wish.count;
  const addresses = physical?.functions ?? [];
  return {
    device: formatPciTarget(wish.target),
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
 * What udev does at each boot. The number can be set only once the driver is bound: at "bind" (Linux 4.14 and later),
 * at a coldplug "add" after an initramfs bound it, or when its network interface appears (older kernels).
 */
function ruleText(address: PciAddress, count: number): string {
  return `# Virtual functions that pulumi-pci-passthrough makes at each boot.
ACTION=="add|bind", SUBSYSTEM=="pci", KERNEL=="${address}", DRIVER=="?*", ATTR{sriov_numvfs}="${count}"
ACTION=="add", SUBSYSTEM=="net", KERNELS=="${address}", ATTR{device/sriov_numvfs}="${count}"
`;
}

type Found =
  | { readonly kind: "found"; readonly address: PciAddress; readonly physical: PhysicalFunction }
  | { readonly kind: "none"; readonly reason: string };

function findPhysicalFunction(facts: HostFacts, wish: VirtualFunctionsWish): Found {
  const name = formatPciTarget(wish.target);
  const address = wish.target.kind === "function" ? wish.target.address : undefined;
  const device = address && facts.pciDevices.get(address);
  if (!device || !address) return { kind: "none", reason: noSuchDevice(facts, name) };
  if (device.physicalFunction !== undefined)
    return {
      kind: "none",
      reason: `${name} is itself a virtual function. Name its physical function ${device.physicalFunction}`,
    };
  const physical = facts.virtualFunctions.physicalFunctions.get(address);
  if (!physical || physical.most === 0)
    return {
      kind: "none",
      reason: `${name} (${device.identity.label}) cannot have virtual functions: it has no SR-IOV, or the firmware of the host or of the device has it turned off. Turn it on there, or name another device`,
    };
  if (device.driver === undefined || isStubDriver(facts, device.driver))
    return {
      kind: "none",
      reason: `${name} has ${device.driver === undefined ? "no driver" : `the stub driver ${device.driver}`}, but only its own driver can create virtual functions. Bind it to that driver first`,
    };
  if (!facts.virtualFunctions.udev)
    return {
      kind: "none",
      reason: "virtual functions disappear at each reboot, and it has no udev to create them again. Install udev",
    };
  return { kind: "found", address, physical };
}

function changeCount(
  facts: HostFacts,
  address: PciAddress,
  physical: PhysicalFunction,
  count: number,
): SetVirtualFunctions[] {
  if (physical.count === count) return [];
  const functions = physical.functions.map((held) => ({ address: held, driver: facts.pciDevices.get(held)?.driver }));
  return [{ kind: "set-virtual-functions", address, from: { count: physical.count, functions }, to: count }];
}

/** Whether this declaration made that number. */
function isOurs(recorded: Claim["virtualFunctions"], count: number): boolean {
  return recorded !== undefined && (count === recorded.made || count === recorded.formerly);
}

/** A number that somebody else set stays. */
function giveBackCount(
  facts: HostFacts,
  found: Extract<Found, { kind: "found" }>,
  claim: Claim,
): SetVirtualFunctions[] {
  const { virtualFunctions: recorded } = claim;
  if (!recorded || !isOurs(recorded, found.physical.count)) return [];
  return changeCount(facts, found.address, found.physical, recorded.before);
}

function effectsOf(facts: HostFacts, address: PciAddress, change: readonly SetVirtualFunctions[]): readonly Effect[] {
  const label = facts.pciDevices.get(address)?.identity.label ?? "";
  return change.flatMap(({ from, to }) => {
    const leaving = from.functions.map((held) => held.address).join(", ");
    return [
      ...(leaving === "" ? [] : [loss(`the virtual functions ${leaving} of ${address} disappear`)]),
      ...(to === 0 ? [] : [gain(`${address} gets ${to} virtual functions (${label})`)]),
    ];
  });
}

/** A count can change only through zero, so none of the virtual functions may be in use. */
function judgeChange(facts: HostFacts, change: readonly SetVirtualFunctions[]): readonly Judgement[] {
  const onStub = change.flatMap(({ from }) => from.functions.filter(({ driver }) => isStubDriver(facts, driver)));
  const [first] = onStub;
  if (!first) return [];
  const which =
    onStub.length > 1
      ? `${onStub.length} of its virtual functions are on ${first.driver}, for VMs, the first is ${first.address}`
      : `its virtual function ${first.address} is on ${first.driver}, for a VM`;
  const remedy = `Remove the declarations of ${onStub.length > 1 ? "all of them" : first.address}, run "pulumi up", and then change the number`;
  return [{ guard: undefined, evidence: `${which}, and changing their number first removes all of them. ${remedy}` }];
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
