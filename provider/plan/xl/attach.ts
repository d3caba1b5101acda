import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { functionsOf, type PciDevice } from "../../facts/pci-devices";
import { type Xen, xenIsAtLeast } from "../../facts/xen";
import { formatPciTarget } from "../../pci/address";
import type { AttachOptions } from "../../pci/attach-options";
import { XL_SINCE } from "../../pci/spec-string";
import { noSuchDevice } from "../assign";
import { claimFor, claimKey, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "../claim";
import { cautionsOf } from "../effects";
import { judgeSteps } from "../judge";
import { type Plan, type Refusal, refusedPlan } from "../plan";
import type { FileEdit, Step } from "../step";
import type { AttachWish, PlanContext } from "../wish";
import { isConfigured, notEditable, withEntries } from "./config-entries";
import { findVm, type Vm } from "./find-vm";
import { planHotPlug } from "./hot-plug";

/** In: facts and the wish that a VM has functions. Out: the edit of its configuration, and the hot-plug where it can be. */
export function planAttach(facts: HostFacts, wish: AttachWish, { owner, program }: PlanContext): Plan {
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const found = findVm(facts, wish.vm);
  if (found.kind !== "found") return refusedPlan(found.reason);
  const { vm } = found;
  if (wish.scope !== "live" && !vm.config) return refusedPlan(noConfigFile(vm));
  if (wish.scope === "live" && !vm.domain) return refusedPlan(`the VM "${vm.name}" does not run, and scope is "live"`);

  const key = claimKey(wish, vm.key);
  const claim = findClaim(facts, key);
  const unable = optionsRefusal(facts.xen, wish.options);
  const edit = configEdit(facts, wish, vm, devices, key, claim);
  if (edit.kind === "refused") return refusedPlan(edit.reason);
  const live = planHotPlug(wish, vm, devices, facts.xen, program);
  const { steps: claimSteps } = claimFor(facts, key, owner, { drivers: [], entries: [...edit.entries] });
  const steps: Step[] = [...claimSteps, ...edit.steps, ...live.steps];
  return {
    steps,
    effects: [...edit.effects, ...live.effects],
    warnings: steps.length > 0 ? devices.flatMap((device) => cautionsOf(facts, wish, device)) : [],
    refusals: [
      ...(unable === undefined ? [] : [{ guard: undefined, message: unable }]),
      ...live.refusals,
      ...refuseForeignClaim(facts, key, owner),
      ...(edit.steps.length > 0 ? judgeOtherVms(facts, wish, vm) : []),
      ...judgeSteps(facts, wish, steps),
    ],
  };
}

type EditPlan =
  | {
      readonly kind: "edited";
      readonly steps: readonly FileEdit[];
      readonly entries: readonly Claim["entries"][number][];
      readonly effects: readonly string[];
    }
  | { readonly kind: "refused"; readonly reason: string };

function configEdit(
  facts: HostFacts,
  wish: AttachWish,
  vm: Vm,
  devices: readonly PciDevice[],
  key: string,
  claim: Claim | undefined,
): EditPlan {
  const ours = claim?.entries ?? [];
  if (!vm.config) return { kind: "edited", steps: [], entries: ours, effects: [] };
  const { file } = vm.config;
  const live = wish.scope === "live";
  const edited = withEntries(facts, file, ours, {
    addresses: live ? [] : devices.map((device) => device.address),
    options: wish.options,
    // Started without any device, a VM of Xen 4.13 and later cannot get one later on (libxl_create.c, 4.17).
    passthrough: live && facts.xen !== undefined && xenIsAtLeast(facts.xen, 4, 13),
  });
  if (edited.kind === "error") return { kind: "refused", reason: notEditable(file.path, edited) };
  const { entries } = edited;
  if (edited.text === file.text) return { kind: "edited", steps: [], entries, effects: [] };
  const original = othersHaveEntriesIn(facts, key, file.target) || ours.length > 0 ? "leave" : "keep";
  const what = live ? 'gets passthrough="enabled"' : `gets ${formatPciTarget(wish.target)} in its pci list`;
  return {
    kind: "edited",
    steps: [{ kind: "edit-file", path: file.target, before: file.text, after: edited.text, hides: [], original }],
    entries,
    effects: [`${file.path} ${what}: the VM "${vm.name}" has it from its next start on`],
  };
}

function judgeOtherVms(facts: HostFacts, wish: AttachWish, vm: Vm): readonly Refusal[] {
  if (wish.allow.includes("configured-in-other-vm")) return [];
  return facts.vmConfigs
    .filter((file) => file.target !== vm.config?.file.target && isConfigured(file, wish.target))
    .map((file) => ({
      guard: "configured-in-other-vm",
      message: `${file.path} has ${formatPciTarget(wish.target)} too, and the two VMs could not run at the same time. If this is meant, add allow: ["configured-in-other-vm"].`,
    }));
}

function optionsRefusal(xen: Xen | undefined, options: AttachOptions): string | undefined {
  const unknown = (Object.keys(options) as (keyof AttachOptions)[]).find((option) => {
    const [major = 0, minor = 0] = XL_SINCE[option].split(".").map(Number);
    return xen !== undefined && !xenIsAtLeast(xen, major, minor);
  });
  return (
    unknown && `xl of Xen ${xen?.major}.${xen?.minor} does not know the option ${unknown} (since ${XL_SINCE[unknown]})`
  );
}

function noConfigFile(vm: Vm): string {
  return `the VM "${vm.name}" runs, but no file in /etc/xen has its configuration. Name the file it was started from as vm, or set scope to "live"`;
}
