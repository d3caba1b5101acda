import { z } from "zod";
import type { Claim, ClaimedFunction } from "../../claims/claim";
import type { KeyedClaim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver, standsFor } from "../../facts/stub-drivers";
import { xenIsAtLeast } from "../../facts/xen";
import { formatPciTarget, type PciAddress } from "../../pci/address";
import type { AssignedBy, MakeAssignable, Release } from "../../steps/driver";
import { simulate } from "../../steps/steps";
import { claimedDrivers, claimFor, claimKey, claimsBeside, dropClaim, endClaim, findClaim, judgeClaim } from "../claim";
import { type Effect, gain, neither } from "../effect";
import { cautionsOf, lossOf } from "../effects";
import type { Judgement } from "../guards/guards";
import { isHiddenUntilReboot } from "../hide/boot-changes";
import { isHidden } from "../hide/hide-mechanisms";
import { whyNoDevicesForVms } from "../host-fitness";
import { deviceInputs, deviceWish, STUB_DRIVER_DEFAULT, StubDriverInput } from "../inputs/device-inputs";
import { describeGroup, functionsToAssign, membersLeftBehind } from "../iommu-group";
import { defineKind } from "../kind";
import { noSuchDevice } from "../no-such-device";
import { join, type Part, part, refuse, unchanged } from "../part";
import { deviceOutputs, statusOf } from "../status";
import { stubDriverOf } from "../stub-driver";
import { toolstackOf } from "../toolstack";
import type { AssignWish, PlanContext } from "../wish";

/** AssignableDevice: functions are bound to the stub driver now, until the next boot. */
export const assignableDevice = defineKind({
  description:
    "Moves a device from its own driver to the host's stub driver, at once and without a reboot, so that a VM can get it. A destroy gives it back to the driver that it had before. After a reboot of the host the next `up` moves it again; HiddenPciDevice makes that permanent.",
  inputs: z.strictObject({
    ...deviceInputs,
    driver: StubDriverInput.describe(`The stub driver that takes the device. ${STUB_DRIVER_DEFAULT}`),
    group: z
      .boolean()
      .optional()
      .describe(
        "Whether the other functions of the device's IOMMU group go to the stub driver too. Default: false; a group with functions that the host still uses is then refused (guard `iommu-group`).",
      ),
  }),
  outputs: deviceOutputs,
  keyInputs: ["device"],
  identity: ["driver"],
  changesBoot: false,
  previewedWithout: [],
  foretold: ["functions", "configured", "active", "pending"],
  property: "device",
  wish: (inputs): AssignWish => ({
    kind: "AssignableDevice",
    ...deviceWish(inputs),
    driver: inputs.driver,
    group: inputs.group ?? false,
  }),
  key: (_, wish) => claimKey(wish),
  present: assign,
  absent: release,
  status(facts, wish, key) {
    const stub = stubDriverOf(facts, wish);
    return statusOf(facts, wish, functionsToAssign(facts, wish), key, {
      active: (address) => standsFor(facts, facts.pciDevices.get(address)?.driver, stub),
      configured: (address) => isHidden(facts, address),
      pending: () => "none",
    });
  },
  isGone(facts, wish, key) {
    const stub = stubDriverOf(facts, wish);
    return (
      !findClaim(facts, key) && !functionsToAssign(facts, wish).some(({ driver }) => standsFor(facts, driver, stub))
    );
  },
  purpose: (_, wish, purpose) =>
    purpose === "present"
      ? `make ${formatPciTarget(wish.target)} assignable`
      : `give ${formatPciTarget(wish.target)} back to its driver`,
});

function assign(facts: HostFacts, wish: AssignWish, { owner }: PlanContext): Part {
  const unable = whyNoDevicesForVms(facts, wish);
  if (unable !== undefined) return refuse(unable);
  const devices = functionsToAssign(facts, wish);
  if (devices.length === 0) return refuse(noSuchDevice(facts, formatPciTarget(wish.target)));
  const key = claimKey(wish);
  const stub = stubDriverOf(facts, wish);
  const by = assignedBy(facts, wish, stub);
  if (stub === "pciback" && facts.pciback.kind === "builtin" && !facts.pciback.registered)
    return refuse(didNotRegister(facts));
  if (by === "xl" && !facts.xen?.xl)
    return refuse(
      '"xl info" fails there, and xl is what makes devices assignable (XenServer has it in /usr/sbin). Start what it needs, or declare a HiddenPciDevice, which does without xl',
    );
  const toTake = devices.filter(({ driver }) => !standsFor(facts, driver, stub));
  const claim = findClaim(facts, key);
  const claimed = claimedDrivers(facts, key, devices);
  const claimSteps = claimFor(facts, key, owner, {
    functions: claimed,
    entries: [],
    bootId: toTake.length > 0 || !claim ? facts.machine.bootId : claim.bootId,
  });
  const takes = toTake.map(
    ({ address, driver }): MakeAssignable => ({ kind: "make-assignable", address, from: driver, stub, by }),
  );
  const dropped = claim?.functions.filter(({ address }) => !devices.some((device) => device.address === address)) ?? [];
  const shrunk = letGo(facts, wish, key, dropped);
  const adopted = devices.filter(
    ({ address, driver }) =>
      !claim && standsFor(facts, driver, stub) && claimed.find((own) => own.address === address)?.driver === driver,
  );
  const needsDriver = takes.length > 0 && stub === "pciback" && !facts.pciback.registered;
  return part({
    // What is to go back stays in the claim until it has.
    steps: [...shrunk.steps, ...claimSteps, ...(needsDriver ? [{ kind: "load-pciback" } as const] : []), ...takes],
    effects: [
      ...toTake.flatMap((device) => [
        ...(claim
          ? [neither(`${device.address} is no longer bound to ${stub}: ${whyLost(facts, claim)}; it is bound again`)]
          : []),
        ...lossOf(facts, device),
      ]),
      ...adopted.map(({ address, driver }) =>
        neither(
          isHidden(facts, address)
            ? `${address} is on ${driver} from boot on, as it is hidden: there is nothing to take`
            : `${address} is on ${driver} already: adopted as found, and left there by a destroy`,
        ),
      ),
      ...shrunk.effects,
    ],
    warnings: [...toTake, ...adopted].flatMap((device) => cautionsOf(facts, wish, device)),
    judgements: [
      ...judgeClaim(facts, key, owner),
      ...(shrunk.steps.length > 0 ? judgeRest(simulate(facts, shrunk.steps), devices) : []),
    ],
  });
}

/** A group that shrinks to a part of an IOMMU group is of no use to a VM. Xen has no such rule. */
function judgeRest(facts: HostFacts, devices: readonly PciDevice[]): readonly Judgement[] {
  if (facts.xen) return [];
  for (const { address } of devices) {
    const left = membersLeftBehind(facts, address, () => false);
    if (left.length > 0) return [{ guard: "iommu-group", evidence: describeGroup(facts, address, left) }];
  }
  return [];
}

/** Each function is bound to its original driver again. */
function release(facts: HostFacts, wish: AssignWish, { owner }: PlanContext): Part {
  const key = claimKey(wish);
  const device = formatPciTarget(wish.target);
  const withoutClaim = unchanged(`${device} is no longer managed by this stack: nothing to give back`);
  return endClaim(facts, key, owner, withoutClaim, (claim, moved) => giveBack(facts, wish, claim, moved));
}

function giveBack(
  facts: HostFacts,
  wish: AssignWish,
  { key, claim }: KeyedClaim,
  moved: ReadonlySet<PciAddress>,
): Part {
  const here = claim.functions.filter(({ address }) => !moved.has(address));
  return join(letGo(facts, wish, key, here), part({ steps: [dropClaim(key, claim)] }));
}

/** Functions go back to their original drivers, but for those that another claim has, too. */
function letGo(facts: HostFacts, wish: AssignWish, key: string, functions: readonly ClaimedFunction[]): Part {
  const steps: Release[] = [];
  const effects: Effect[] = [];
  for (const claimed of functions) {
    const device = facts.pciDevices.get(claimed.address);
    const stub = device?.driver;
    if (!device || (stub !== undefined && !isStubDriver(facts, stub))) continue;
    const before = claimed.driver ?? undefined;
    const other = claimsBeside(facts, key).find(({ claim }) =>
      claim.functions.some(({ address }) => address === device.address),
    );
    if (other) effects.push(neither(`${device.address} stays on ${stub}, as "${other.claim.label}" has it, too`));
    else if (before === stub) {
      if (stub !== undefined) effects.push(neither(`${device.address} stays on ${stub}${whyKept(facts, device)}`));
    } else {
      const by = assignedBy(facts, wish, stub ?? stubDriverOf(facts, wish));
      steps.push({ kind: "release", address: device.address, stub, to: before, by });
      const label = `(${device.identity.label})`;
      effects.push(
        before === undefined
          ? neither(`${device.address} has no driver again ${label}`)
          : gain(`${device.address} goes back to ${before} ${label}`),
      );
    }
  }
  return part({ steps, effects });
}

/** What is hidden at boot is not given back by the end of an AssignableDevice. */
function whyKept(facts: HostFacts, { address }: PciDevice): string {
  if (isHidden(facts, address)) return ", as it is hidden at boot";
  return isHiddenUntilReboot(facts, address) ? " until the host reboots" : ", as it was found";
}

function whyLost(facts: HostFacts, claim: Claim): string {
  return claim.bootId === facts.machine.bootId ? "somebody released it" : "the host was rebooted";
}

/** libvirt tracks the devices it detached, so it is used where possible; each version supports only one stub driver. */
function assignedBy(facts: HostFacts, wish: AssignWish, stub: string): AssignedBy {
  const found = toolstackOf(facts, wish.toolstack);
  if (found.kind === "none" || found.toolstack === "xm") return stub === "pciback" ? "pciback" : "sysfs";
  // xl pci-assignable-add came with 4.2.
  if (found.toolstack !== "libvirt") return facts.xen && !xenIsAtLeast(facts.xen, 4, 2) ? "pciback" : "xl";
  return standsFor(facts, stub, stubDriverOf(facts, { driver: undefined })) ? "virsh" : "sysfs";
}

/**
 * A built-in driver registers at boot or never, and one invalid part of its device list prevents it (pci_stub.c, 4.4 to
 * 6.x).
 */
function didNotRegister(facts: HostFacts): string {
  const list = /\bxen[-_]pciback\.hide=\S*/.exec(facts.machine.kernelCommandLine)?.[0];
  return `pciback is built into its kernel and did not register at the last boot${list ? `: the kernel does not accept ${list}` : ""}. Fix its boot arguments and reboot the host`;
}
