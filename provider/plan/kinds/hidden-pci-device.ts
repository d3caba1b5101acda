import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf } from "../../facts/pci-devices";
import { formatPciTarget, type PciAddress } from "../../pci/address";
import { isStubDriver } from "../../pci/stub-driver";
import { simulate } from "../../steps/simulate";
import type { Step } from "../../steps/step";
import { claimFor, claimKey, claimToGiveBack, findClaim, refuseForeignClaim } from "../claim";
import { lossOf } from "../effects";
import { noteRemoval } from "../hide/boot-changes";
import { chooseMechanism, isHidden, mechanismOfEntry } from "../hide/hide-mechanisms";
import { joinEdits } from "../join-edits";
import { judgeSteps } from "../judge";
import { noSuchDevice } from "../no-such-device";
import { emptyPlan, type Plan, refusedPlan } from "../plan";
import { stubDriverOf } from "../stub-driver";
import type { HideWish, PlanContext } from "../wish";

/** In: facts and the wish that the stub driver takes functions at boot. Out: edits of the boot configuration. */
export function planHide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Plan {
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const key = claimKey(wish);
  const claim = findClaim(facts, key);
  const open = devices.filter((device) => !isHidden(facts, device.address));
  const chosen = chooseMechanism(facts, devices, wish);
  if (open.length > 0 && chosen.kind === "unfit") return refusedPlan(chosen.reason);

  const edits: Step[] = [];
  const more: string[] = [];
  const entries: Claim["entries"] = [...(claim?.entries ?? [])];
  const mechanism = chosen.kind === "mechanism" ? chosen.mechanism : undefined;
  let now = facts;
  for (const device of open) {
    if (!mechanism || isHidden(now, device.address)) continue;
    const draft = mechanism.hide(now, device, key, stubDriverOf(facts, wish));
    edits.push(...draft.steps);
    entries.push(...draft.entries);
    more.push(...(draft.effects ?? []));
    now = simulate(now, draft.steps);
  }
  const bootChange = edits.length > 0 ? `${facts.machine.bootId}/${owner.token}` : claim?.bootChange;
  const { steps: claimSteps } = claimFor(facts, key, owner, {
    drivers: claim?.drivers ?? devices.map(({ address, driver }) => ({ address, driver: driver ?? null })),
    entries: entries.filter(
      (one, at) => entries.findIndex((other) => other.path === one.path && other.entry === one.entry) === at,
    ),
    ...(bootChange === undefined ? {} : { bootChange }),
  });
  const steps: Step[] = [
    ...claimSteps,
    ...joinEdits(edits),
    ...(edits.length > 0 ? (mechanism?.regenerate ?? []) : []),
  ];
  const notYet = devices.filter((device) => !isStubDriver(device.driver));
  return {
    steps,
    effects:
      edits.length > 0
        ? [
            ...(claim
              ? open.map(({ address }) => `the boot configuration lost ${address} since: it gets it again`)
              : []),
            ...notYet.flatMap((device) => lossOf(facts, device).map((loss) => `at the next boot: ${loss}`)),
            ...more,
            ...(mechanism?.regenerationEffects ?? []),
            "the change waits for a reboot of the host",
          ]
        : [],
    warnings: edits.length > 0 ? (mechanism?.cautions?.(facts, open, "hide") ?? []) : [],
    refusals: [...refuseForeignClaim(facts, key, owner), ...judgeSteps(facts, wish, steps)],
  };
}

/** In: facts and a wish that ends. Out: the edits that take our entries out again; the driver now stays until the reboot. */
export function planUnhide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Plan {
  const key = claimKey(wish);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to take back`);
  const ours = [...new Map(claim.entries.map((entry) => [entry.entry as PciAddress, mechanismOfEntry(entry)]))];
  const edits: Step[] = [];
  const regenerate = new Map<string, Step>();
  let now = facts;
  const stuck = ours.flatMap(([address, mechanism]) => mechanism?.stuck?.(facts, address) ?? []);
  if (stuck[0] !== undefined) return refusedPlan(stuck[0]);
  for (const [address, mechanism] of ours.reverse()) {
    const steps = mechanism?.unhide(now, address, claim, key) ?? [];
    edits.push(...steps);
    now = simulate(now, steps);
    for (const step of steps.length > 0 ? (mechanism?.regenerate ?? []) : [])
      regenerate.set(JSON.stringify(step), step);
  }
  const devices = functionsOf(facts.pciDevices, wish.target);
  const onStub = devices.find((device) => isStubDriver(device.driver));
  return {
    steps: [
      ...joinEdits(edits),
      ...regenerate.values(),
      { kind: "drop-claim", key, before: claim },
      ...(edits.length > 0 && onStub ? [noteRemoval(facts, key, owner)] : []),
    ],
    effects: [
      ...(ours.length === 0 ? [`${formatPciTarget(wish.target)} was hidden before us, and stays hidden`] : []),
      ...(edits.length > 0 && onStub
        ? [`${formatPciTarget(wish.target)} stays on ${onStub.driver} until the host reboots`]
        : []),
    ],
    warnings: [...new Set(ours.flatMap(([, mechanism]) => mechanism?.cautions?.(facts, devices, "unhide") ?? []))],
    refusals: [],
  };
}
