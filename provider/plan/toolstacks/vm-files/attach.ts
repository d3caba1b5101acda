import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import { functionsOf, type PciDevice } from "../../../facts/pci-devices";
import { isNoVm, vmConfigs } from "../../../facts/vm-configs";
import { formatPciTarget } from "../../../pci/address";
import type { FileEdit, Step } from "../../../steps/step";
import { claimFor, claimKey, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "../../claim";
import { cautionsOf } from "../../effects";
import { judgeSteps } from "../../judge";
import { noSuchDevice } from "../../no-such-device";
import { type Plan, type Refusal, refusedPlan } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import { isConfigured, notEditable, withEntries } from "./config-entries";
import type { FileToolstack } from "./file-toolstack";
import { findVm, type Vm } from "./find-vm";
import { guestCautions } from "./guest-cautions";
import { planHotPlug } from "./hot-plug";

/** In: facts and the wish that a VM has functions. Out: the edit of its configuration, and the hot-plug where it can be. */
export function planAttach(
  tools: FileToolstack,
  facts: HostFacts,
  wish: AttachWish,
  { owner, program }: PlanContext,
): Plan {
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const found = findVm(tools, facts, wish.vm);
  if (found.kind !== "found") return refusedPlan(found.reason);
  const { vm } = found;
  if (wish.scope !== "live" && !vm.config) return refusedPlan(noConfigFile(vm));
  if (wish.scope === "live" && !vm.domain) return refusedPlan(`the VM "${vm.name}" does not run, and scope is "live"`);

  const key = claimKey(wish, vm.key);
  const claim = findClaim(facts, key);
  const unable = tools.refuseOptions(facts, wish.options);
  const beside = tools.editsBeside(facts, { key, devices, options: wish.options }, claim?.entries ?? []);
  const edit = configEdit(tools, facts, wish, vm, devices, key, claim);
  if (edit.kind === "refused") return refusedPlan(edit.reason);
  const live = planHotPlug(tools, facts, wish, vm, devices, program);
  const { steps: claimSteps } = claimFor(facts, key, owner, {
    drivers: [],
    entries: [...edit.entries, ...beside.entries],
  });
  const steps: Step[] = [...claimSteps, ...beside.steps, ...edit.steps, ...live.steps];
  return {
    steps,
    effects: [...beside.effects, ...edit.effects, ...live.effects],
    warnings: [
      ...(steps.length > 0
        ? [...devices.flatMap((device) => cautionsOf(facts, wish, device)), ...beside.warnings]
        : []),
      ...guestCautions(facts, wish, vm, devices),
    ],
    refusals: [
      ...[unable, beside.refusal].flatMap((message) => (message === undefined ? [] : [{ guard: undefined, message }])),
      ...live.refusals,
      ...refuseForeignClaim(facts, key, owner),
      ...(edit.steps.length > 0 ? judgeOtherVms(tools, facts, wish, vm) : []),
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
  tools: FileToolstack,
  facts: HostFacts,
  wish: AttachWish,
  vm: Vm,
  devices: readonly PciDevice[],
  key: string,
  claim: Claim | undefined,
): EditPlan {
  if (!vm.config) return { kind: "edited", steps: [], entries: claim?.entries ?? [], effects: [] };
  const { file } = vm.config;
  const ours = (claim?.entries ?? []).filter((entry) => entry.path === file.target);
  const live = wish.scope === "live";
  const edited = withEntries(facts, file, ours, {
    addresses: live ? [] : devices.map((device) => device.address),
    options: tools.fileOptions(wish.options),
    passthrough: live && tools.needsPassthrough(facts),
    language: tools.language,
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

function judgeOtherVms(tools: FileToolstack, facts: HostFacts, wish: AttachWish, vm: Vm): readonly Refusal[] {
  if (wish.allow.includes("configured-in-other-vm")) return [];
  return vmConfigs(facts.files)
    .filter(
      (file) =>
        !isNoVm(file) && file.target !== vm.config?.file.target && isConfigured(file, wish.target, tools.language),
    )
    .map((file) => ({
      guard: "configured-in-other-vm",
      message: `${file.path} has ${formatPciTarget(wish.target)} too, and the two VMs could not run at the same time. If this is meant, add allow: ["configured-in-other-vm"].`,
    }));
}

function noConfigFile(vm: Vm): string {
  return `the VM "${vm.name}" runs, but no file in /etc/xen has its configuration. Name the file it was started from as vm, or set scope to "live"`;
}
