import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { xenIsAtLeast } from "../../facts/xen";
import { formatPciTarget } from "../../pci/address";
import { isStubDriver, type StubDriver } from "../../pci/stub-driver";
import type { AssignedBy, Step } from "../../steps/step";
import { claimFor, claimKey, claimToGiveBack, findClaim, refuseForeignClaim } from "../claim";
import { cautionsOf, lossOf } from "../effects";
import { functionsToAssign } from "../iommu-group";
import { judgeSteps } from "../judge";
import { noSuchDevice } from "../no-such-device";
import { emptyPlan, type Plan, refusedPlan } from "../plan";
import { stubDriverOf } from "../stub-driver";
import { toolstackOf } from "../toolstack";
import type { AssignWish, PlanContext } from "../wish";

/** In: facts and the wish that functions are on the stub driver now. Out: the steps, what the host feels, what forbids it. */
export function planAssign(facts: HostFacts, wish: AssignWish, { owner }: PlanContext): Plan {
  const devices = functionsToAssign(facts, wish);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const key = claimKey(wish);
  const stub = stubDriverOf(facts, wish);
  const by = assignedBy(facts, wish, stub);
  if (stub === "pciback" && facts.pciback.kind === "builtin" && !facts.pciback.registered)
    return refusedPlan(didNotRegister(facts));
  if (by === "xl" && !facts.xen?.xl)
    return refusedPlan(
      '"xl info" does not answer there (XenServer has xl in /usr/sbin), and xl is what makes devices assignable. Mend that, or hide the device instead: a HiddenPciDevice needs no xl',
    );
  const toTake = devices.filter((device) => device.driver !== stub);
  const claim = findClaim(facts, key);
  const { steps: claimSteps } = claimFor(facts, key, owner, {
    drivers: driversBefore(claim, devices),
    entries: [],
    bootId: toTake.length > 0 || !claim ? facts.machine.bootId : claim.bootId,
  });
  const steps: Step[] = [
    ...claimSteps,
    ...(toTake.length > 0 && stub === "pciback" && !facts.pciback.registered
      ? [{ kind: "load-pciback" } as const]
      : []),
    ...toTake.map(
      (device) => ({ kind: "make-assignable", address: device.address, from: device.driver, stub, by }) as const,
    ),
  ];
  return {
    steps,
    effects: [
      ...toTake.flatMap((device) => [
        ...(claim ? [`${device.address} has left ${stub} since: ${whyLost(facts, claim)}. It is taken again`] : []),
        ...lossOf(facts, device),
      ]),
      ...devices.flatMap((device) =>
        device.driver === stub && !claim
          ? [`${device.address} is on ${stub} already: taken over as found, and left there by a destroy`]
          : [],
      ),
    ],
    warnings: toTake.flatMap((device) => cautionsOf(facts, wish, device)),
    refusals: [...refuseForeignClaim(facts, key, owner), ...judgeSteps(facts, wish, steps)],
  };
}

/** In: facts and a wish that ends. Out: the steps that give each function back to the driver it had before us. */
export function planRelease(facts: HostFacts, wish: AssignWish, { owner }: PlanContext): Plan {
  const key = claimKey(wish);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to give back`);
  const release: Step[] = [];
  const effects: string[] = [];
  for (const { address, driver } of claim.drivers) {
    const device = facts.pciDevices.get(address);
    const stub = device?.driver;
    if (!device || !isStubDriver(stub)) continue;
    const before = driver ?? undefined;
    if (before === stub) {
      effects.push(`${device.address} stays on ${stub}, where we found it`);
    } else {
      release.push({ kind: "release", address: device.address, stub, to: before, by: assignedBy(facts, wish, stub) });
      effects.push(`${device.address} (${device.identity.label}) goes back to ${before ?? "having no driver"}`);
    }
  }
  return {
    steps: [...release, { kind: "drop-claim", key, before: claim }],
    effects,
    warnings: [],
    refusals: judgeSteps(facts, wish, release),
  };
}

function whyLost(facts: HostFacts, claim: Claim): string {
  return claim.bootId === facts.machine.bootId ? "somebody released it" : "the host was rebooted";
}

/** What an earlier claim recorded counts more than what we see: the function may be on the stub because of us. */
function driversBefore(claim: Claim | undefined, devices: readonly PciDevice[]): Claim["drivers"] {
  return devices.map(
    ({ address, driver }) =>
      claim?.drivers.find((one) => one.address === address) ?? { address, driver: driver ?? null },
  );
}

/** libvirt keeps account of what it detached, so it is asked where it can; it knows the stub driver of its own time alone. */
function assignedBy(facts: HostFacts, wish: AssignWish, stub: StubDriver): AssignedBy {
  const found = toolstackOf(facts, wish.toolstack);
  if (found.kind === "unfit" || found.toolstack === "xm") return stub === "pciback" ? "pciback" : "sysfs";
  // xl pci-assignable-add came with 4.2.
  if (found.toolstack !== "libvirt") return facts.xen && !xenIsAtLeast(facts.xen, 4, 2) ? "pciback" : "xl";
  return stub === stubDriverOf(facts, { driver: undefined }) ? "virsh" : "sysfs";
}

/** Built in, the driver registers at boot or never: one bad piece in the list of devices, and it does not (pci_stub.c, 4.4 to 6.x). */
function didNotRegister(facts: HostFacts): string {
  const list = /\bxen[-_]pciback\.hide=\S*/.exec(facts.machine.kernelCommandLine)?.[0];
  return `pciback is a part of its kernel and did not register at the last boot${list ? `: the kernel does not accept ${list}` : ""}. Mend its boot arguments and reboot it`;
}
