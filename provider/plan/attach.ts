import type { Claim } from "../facts/claims";
import type { Domain } from "../facts/domains";
import type { HostFacts } from "../facts/host-facts";
import { functionsOf, type PciDevice } from "../facts/pci-devices";
import { type Xen, xenIsAtLeast } from "../facts/xen";
import { formatPciTarget, functionOf, type PciAddress, targets } from "../pci/address";
import type { AttachOptions } from "../pci/attach-options";
import { noSuchDevice } from "./assign";
import { claimFor, claimKey, claimToGiveBack, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "./claim";
import { isConfigured, withEntries, withoutEntries } from "./config-entries";
import { cautionsOf } from "./effects";
import { findVm, type Vm } from "./find-vm";
import { judgeSteps } from "./guard";
import { emptyPlan, type Plan, type Refusal, refusedPlan } from "./plan";
import type { FileEdit, Step } from "./step";
import { STUB_DRIVER } from "./stub-driver";
import type { AttachWish, PlanContext } from "./wish";

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
  const live = livePlan(facts, wish, vm, devices, program);
  const { steps: claimSteps } = claimFor(facts, key, owner, { drivers: [], entries: edit.entries });
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

/** In: facts and a wish that ends. Out: the hot-unplug, and the configuration without our entries. */
export function planDetach(facts: HostFacts, wish: AttachWish, { owner }: PlanContext): Plan {
  const found = findVm(facts, wish.vm);
  const key = claimKey(wish, found.kind === "found" ? found.vm.key : wish.vm);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return emptyPlan(`${formatPciTarget(wish.target)} is not ours any more: nothing to take back`);
  if (found.kind === "unreadable" || found.kind === "several") return refusedPlan(found.reason);
  const vm = found.kind === "found" ? found.vm : undefined;
  const attached = vm?.domain && wish.scope !== "config" ? devicesIn(vm.domain, wish) : [];
  const domain = vm?.domain;
  const detach: Step[] = domain
    ? attached.map((address) => ({ kind: "detach", vm: { domainId: domain.id, name: domain.name }, address }))
    : [];
  const text = vm?.config && withoutEntries(vm.config.file.text, claim.entries);
  const path = vm?.config?.file.target ?? "";
  const edit: FileEdit[] =
    vm?.config && text !== undefined && text !== vm.config.file.text
      ? [
          {
            kind: "edit-file",
            path,
            before: vm.config.file.text,
            after: text,
            hides: [],
            original: othersHaveEntriesIn(facts, key, path) ? "leave" : "forget",
          },
        ]
      : [];
  const keeps = domain && wish.scope === "config" && devicesIn(domain, wish).length > 0;
  return {
    steps: [...detach, ...edit, { kind: "drop-claim", key, before: claim }],
    effects: [
      ...attached.map((address) => `${address} leaves the running VM "${vm?.name}"`),
      ...(edit.length > 0 ? [`${path} loses its entry for ${formatPciTarget(wish.target)}`] : []),
      ...(keeps ? [`the running VM "${vm?.name}" keeps ${formatPciTarget(wish.target)} until it is restarted`] : []),
    ],
    warnings: [],
    refusals: [],
  };
}

export function vmKeyOf(facts: HostFacts, wanted: string): string | undefined {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.key : undefined;
}

export function attachedVmName(facts: HostFacts, wanted: string): string {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.name : wanted;
}

export function runningDomain(facts: HostFacts, wanted: string): Domain | undefined {
  const found = findVm(facts, wanted);
  return found.kind === "found" ? found.vm.domain : undefined;
}

export function isAttachedLive(facts: HostFacts, wanted: string, address: PciAddress): boolean {
  return runningDomain(facts, wanted)?.pciDevices.some((device) => device.address === address) ?? false;
}

export function isInConfig(facts: HostFacts, wanted: string, address: PciAddress): boolean {
  const found = findVm(facts, wanted);
  return (
    found.kind === "found" && (found.vm.config?.parsed.pci.some((entry) => entry.spec?.address === address) ?? false)
  );
}

interface ConfigEdit {
  readonly steps: readonly FileEdit[];
  readonly entries: Claim["entries"];
  readonly effects: readonly string[];
}

function configEdit(
  facts: HostFacts,
  wish: AttachWish,
  vm: Vm,
  devices: readonly PciDevice[],
  key: string,
  claim: Claim | undefined,
): ConfigEdit {
  const ours = claim?.entries ?? [];
  if (!vm.config) return { steps: [], entries: ours, effects: [] };
  const { file } = vm.config;
  // Without any pci entry at its start, a VM of Xen 4.13 and later cannot get a device later on (libxl_create.c, 4.17).
  const wanted =
    wish.scope === "live"
      ? { addresses: [], passthrough: facts.xen !== undefined && xenIsAtLeast(facts.xen, 4, 13) }
      : { addresses: devices.map((device) => device.address), passthrough: false };
  const edited = withEntries(file, ours, wanted.addresses, wish.options, wanted.passthrough);
  if (edited.text === file.text) return { steps: [], entries: edited.entries, effects: [] };
  const original = othersHaveEntriesIn(facts, key, file.target) || ours.length > 0 ? "leave" : "keep";
  const what =
    wish.scope === "live" ? 'gets passthrough="enabled"' : `gets ${formatPciTarget(wish.target)} in its pci list`;
  return {
    steps: [{ kind: "edit-file", path: file.target, before: file.text, after: edited.text, hides: [], original }],
    entries: edited.entries,
    effects: [`${file.path} ${what}: the VM "${vm.name}" has it from its next start on`],
  };
}

interface LivePlan {
  readonly steps: readonly Step[];
  readonly effects: readonly string[];
  readonly refusals: readonly Refusal[];
}

const NOTHING_LIVE: LivePlan = { steps: [], effects: [], refusals: [] };

function livePlan(
  facts: HostFacts,
  wish: AttachWish,
  vm: Vm,
  devices: readonly PciDevice[],
  program: PlanContext["program"],
): LivePlan {
  const { domain } = vm;
  if (!domain || wish.scope === "config") return NOTHING_LIVE;
  const missing = devices.filter((device) => !domain.pciDevices.some((one) => one.address === device.address));
  if (missing.length === 0) return NOTHING_LIVE;
  const hinder = hindrance(domain, missing);
  if (hinder !== undefined) {
    const maker = program.find(
      (other) => other.kind === "AssignableDevice" && missing.every((device) => targets(other.target, device.address)),
    );
    if (maker && domain.passthrough !== "disabled" && !domain.paused) {
      return { ...NOTHING_LIVE, effects: [`the hot-plug into the running VM "${vm.name}" waits for "${maker.label}"`] };
    }
    if (wish.scope === "auto") {
      return { ...NOTHING_LIVE, effects: [`the running VM "${vm.name}" gets it at its next start: ${hinder}`] };
    }
    return { ...NOTHING_LIVE, refusals: [{ guard: undefined, message: hinder }] };
  }
  return {
    steps: missing.map((device) => ({
      kind: "attach",
      vm: { domainId: domain.id, name: domain.name },
      address: device.address,
      options: wish.options,
    })),
    effects: missing.map((device) => `${device.address} is hot-plugged into the running VM "${vm.name}"`),
    refusals: [],
  };
}

/** Why the host cannot hot-plug these functions now. */
function hindrance(domain: Domain, devices: readonly PciDevice[]): string | undefined {
  if (domain.paused) return `the VM "${domain.name}" is paused`;
  if (domain.passthrough === "disabled") {
    return `the VM "${domain.name}" was started without any PCI device, and this Xen lets it have none until it is started again`;
  }
  const held = devices.find((device) => device.driver !== STUB_DRIVER);
  return (
    held &&
    `${held.address} is not assignable (its driver is ${held.driver ?? "none"}, not ${STUB_DRIVER}). Declare an AssignableDevice for it`
  );
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
  const old = (option: string, since: string) =>
    `xl of Xen ${xen?.major}.${xen?.minor} does not know the option ${option} (since ${since})`;
  if (options.seize !== undefined && xen && !xenIsAtLeast(xen, 4, 5)) return old("seize", "4.5");
  if (options.rdmPolicy !== undefined && xen && !xenIsAtLeast(xen, 4, 6)) return old("rdmPolicy", "4.6");
  return undefined;
}

function devicesIn(domain: Domain, wish: AttachWish): readonly PciAddress[] {
  return domain.pciDevices
    .map((device) => device.address)
    .filter((address) => targets(wish.target, address))
    .sort((a, b) => functionOf(b) - functionOf(a));
}

function noConfigFile(vm: Vm): string {
  return `the VM "${vm.name}" runs, but no file in /etc/xen has its configuration. Name the file it was started from as vm, or set scope to "live"`;
}
