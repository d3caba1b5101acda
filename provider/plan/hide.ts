import type { Claim } from "../facts/claims";
import type { HostFacts } from "../facts/host-facts";
import { functionsOf, type PciDevice } from "../facts/pci-devices";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { noSuchDevice } from "./assign";
import { claimFor, claimKey, claimToGiveBack, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "./claim";
import { lossOf } from "./effects";
import { judgeSteps } from "./judge";
import { findHideOption, hideByModprobe, isHiddenByModprobe, type TextEdit, unhideByModprobe } from "./modprobe-hide";
import { emptyPlan, type Plan, refusedPlan } from "./plan";
import { simulate } from "./simulate";
import type { FileEdit, Step } from "./step";
import { STUB_DRIVER } from "./stub-driver";
import type { HideWish, PlanContext } from "./wish";

/** In: facts and the wish that the stub driver takes functions at boot. Out: edits of the boot configuration. */
export function planHide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Plan {
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const unable = cannotHide(facts, devices);
  if (unable !== undefined) return refusedPlan(unable);

  const key = claimKey(wish);
  const claim = findClaim(facts, key);
  const edits: FileEdit[] = [];
  const entries: Claim["entries"] = [...(claim?.entries ?? [])];
  let now = facts;
  for (const device of devices) {
    if (isHiddenByModprobe(now.modprobe, device.address)) continue;
    const module = moduleOf(facts, device) ?? "";
    for (const edit of hideByModprobe(now.modprobe, device.address, module)) {
      edits.push(fileEdit(facts, key, edit, [device.address], "keep"));
      entries.push({ path: edit.path, entry: device.address, undo: { module } });
      now = simulate(now, edits.slice(-1));
    }
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
    ...edits,
    ...(edits.length > 0 ? [{ kind: "rebuild-initramfs" } as const] : []),
  ];
  const notYet = devices.filter((device) => device.driver !== STUB_DRIVER);
  return {
    steps,
    effects:
      edits.length > 0
        ? [
            ...notYet.flatMap((device) => lossOf(facts, device).map((loss) => `at the next boot: ${loss}`)),
            "the initramfs of the running kernel is made anew; the change waits for a reboot of the host",
          ]
        : [],
    warnings: [],
    refusals: [...refuseForeignClaim(facts, key, owner), ...judgeSteps(facts, wish, steps)],
  };
}

/** In: facts and a wish that ends. Out: the edits that take our entries out again; the driver now stays until the reboot. */
export function planUnhide(facts: HostFacts, wish: HideWish, { owner }: PlanContext): Plan {
  const key = claimKey(wish);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to take back`);
  const ours = [...new Set(claim.entries.map((entry) => entry.entry))] as PciAddress[];
  const edits: FileEdit[] = [];
  let now = facts;
  for (const address of ours.reverse()) {
    for (const edit of unhideByModprobe(now.modprobe, address, unneededModule(now, key, claim, address))) {
      edits.push(fileEdit(facts, key, edit, [], "forget"));
      now = simulate(now, edits.slice(-1));
    }
  }
  const onStub = functionsOf(facts.pciDevices, wish.target).filter((device) => device.driver === STUB_DRIVER);
  return {
    steps: [
      ...edits,
      ...(edits.length > 0 ? [{ kind: "rebuild-initramfs" } as const] : []),
      { kind: "drop-claim", key, before: claim },
    ],
    effects: [
      ...(ours.length === 0 ? [`${formatPciTarget(wish.target)} was hidden before us, and stays hidden`] : []),
      ...(edits.length > 0 && onStub.length > 0
        ? [`${formatPciTarget(wish.target)} stays on ${STUB_DRIVER} until the host reboots`]
        : []),
    ],
    warnings: [],
    refusals: [],
  };
}

/** Whether every boot from now on hides this function. */
export function isHidden(facts: HostFacts, address: PciAddress): boolean {
  return isHiddenByModprobe(facts.modprobe, address);
}

function cannotHide(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  if (facts.pciback.kind === undefined) {
    return `its kernel ${facts.machine.kernelRelease} has no xen-pciback, neither as a module nor built in`;
  }
  if (facts.pciback.kind === "builtin") {
    return "its kernel has xen-pciback built in, and hiding by boot arguments is not supported yet";
  }
  const option = findHideOption(facts.modprobe);
  if (option.kind === "unusable") return option.reason;
  const orphan = devices.find((device) => moduleOf(facts, device) === undefined);
  if (!orphan) return undefined;
  return orphan.driver !== undefined && orphan.driver !== STUB_DRIVER
    ? `${orphan.address} has the driver ${orphan.driver}, which is a part of the kernel and takes the device before any module is loaded; hiding from such a driver is not supported yet`
    : `${orphan.address} has no driver of its own that could be made to wait for xen-pciback`;
}

/** The module that would take the function at boot if nobody hid it. */
function moduleOf(facts: HostFacts, device: PciDevice): string | undefined {
  return device.driver !== undefined && device.driver !== STUB_DRIVER
    ? facts.pciback.driverModules.get(device.driver)
    : facts.pciback.nativeModules.get(device.address);
}

/** The module of this entry's softdep, unless another hidden function has the same module. */
function unneededModule(facts: HostFacts, key: string, claim: Claim, address: PciAddress): string | undefined {
  const moduleIn = (undo: unknown) => (undo as { module?: string } | undefined)?.module;
  const module = moduleIn(claim.entries.find((entry) => entry.entry === address)?.undo);
  const others = facts.claims
    .filter((one) => one.key !== key)
    .flatMap((one) => one.claim.entries)
    .concat(claim.entries.filter((entry) => entry.entry !== address))
    .filter((entry) => isHiddenByModprobe(facts.modprobe, entry.entry as PciAddress));
  return others.some((entry) => moduleIn(entry.undo) === module) ? undefined : module;
}

function fileEdit(
  facts: HostFacts,
  key: string,
  edit: TextEdit,
  hides: readonly PciAddress[],
  when: "keep" | "forget",
): FileEdit {
  const original = othersHaveEntriesIn(facts, key, edit.path) ? "leave" : when;
  return { kind: "edit-file", ...edit, hides, original };
}
