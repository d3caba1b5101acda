import type { Claim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import type { LibvirtAnswers } from "../../facts/libvirt";
import { functionsOf, type PciDevice } from "../../facts/pci-devices";
import { formatPciTarget } from "../../pci/address";
import type { Hostdev } from "../../pci/domain-xml";
import { noSuchDevice } from "../assign";
import { claimFor, claimKey, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "../claim";
import { cautionsOf, lossOf } from "../effects";
import { judgeSteps } from "../judge";
import { type Plan, type Refusal, refusedPlan } from "../plan";
import type { Step, VirshChange } from "../step";
import { isStubDriver, stubDriverOf } from "../stub-driver";
import type { AttachWish, PlanContext } from "../wish";
import { findVm, inConfig, inRunning, type LibvirtVm } from "./find-vm";
import { noRoom, portsToAdd, slotRefusal } from "./guest-room";
import { hostdevAsIs, hostdevFor, isAsWanted, optionRefusal } from "./hostdev";
import { hindrance } from "./hot-plug";
import { CONFIG_ENTRY, entryOf, LIVE_ENTRY, SYSFS_BOOLEAN, SYSFS_BOOLEAN_ENTRY } from "./libvirt-claim";
import { libvirtSays } from "./silence";

type Entry = Claim["entries"][number];
interface Wanted {
  readonly device: PciDevice;
  readonly hostdev: Hostdev;
}

/** A part of the plan: what it does, what of it the claim keeps, what it means, and what forbids it. */
interface Part {
  readonly steps: readonly Step[];
  readonly entries: readonly Entry[];
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
  readonly refusals: readonly string[];
}

const NOTHING: Part = { steps: [], entries: [], effects: [], warnings: [], refusals: [] };

/** In: facts and the wish that a VM has functions. Out: what virsh changes in its configuration and in the running VM. */
export function planAttach(facts: HostFacts, wish: AttachWish, { owner, program }: PlanContext): Plan {
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return refusedPlan(libvirtSays(libvirt));
  const devices = functionsOf(facts.pciDevices, wish.target);
  if (devices.length === 0) return refusedPlan(noSuchDevice(facts, formatPciTarget(wish.target)));
  const found = findVm(facts, wish.vm);
  if (found.kind !== "found") return refusedPlan(found.reason);
  const { vm } = found;
  const unable = optionRefusal(libvirt, wish.options) ?? scopeRefusal(wish, vm) ?? severalInOneSlot(wish, devices);
  if (unable !== undefined) return refusedPlan(unable);

  const key = claimKey(wish, vm.key);
  const elsewhere = onOtherStub(facts, devices);
  if (elsewhere !== undefined) return refusedPlan(elsewhere);
  const ours = findClaim(facts, key)?.entries ?? [];
  const wanted = devices.map((device) => ({
    device,
    hostdev: hostdevFor(facts, libvirt, device.address, wish.options, program),
  }));
  const parts = [
    planConfig(facts, libvirt, wish, vm, wanted, ours),
    planLive(facts, libvirt, wish, vm, wanted, ours, program),
  ];
  const changes = parts.flatMap((part) => part.steps);
  const sysfs = allowSysfs(facts, key);
  const entries = [...parts.flatMap((part) => part.entries), ...sysfs.entries, ...ours.filter(isBoolean)];
  const { steps: claimSteps } = claimFor(facts, key, owner, { drivers: [], entries: distinct(entries) });
  const steps = [...claimSteps, ...sysfs.steps, ...changes];
  return {
    steps,
    effects: [...sysfs.effects, ...parts.flatMap((part) => part.effects)],
    warnings: [
      ...(changes.length > 0 ? devices.flatMap((device) => cautionsOf(facts, wish, device)) : []),
      ...parts.flatMap((part) => part.warnings),
    ],
    refusals: [
      ...parts.flatMap((part) => part.refusals).map((message) => ({ guard: undefined, message })),
      ...refuseForeignClaim(facts, key, owner),
      ...(parts[0]?.steps.length ? judgeOtherVms(libvirt, wish, vm, devices) : []),
      ...judgeSteps(facts, wish, steps, program),
    ],
  };
}

function planConfig(
  facts: HostFacts,
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  wanted: readonly Wanted[],
  ours: readonly Entry[],
): Part {
  const { domain } = vm;
  if (wish.scope === "live" || !domain.persistent) return NOTHING;
  const steps: VirshChange[] = [];
  const entries: Entry[] = [];
  const effects: string[] = [];
  const warnings: string[] = [];
  const refusals: string[] = [];
  const step = (kind: VirshChange["kind"], hostdev: Hostdev): VirshChange => ({
    kind,
    uri: libvirt.uri,
    vm: { uuid: vm.key, name: vm.name },
    hostdev,
    to: "config",
    separateScopes: libvirt.separateScopes,
  });
  for (const { device, hostdev } of wanted) {
    const { address } = device;
    const present = inConfig(domain, address);
    const mine = ours.some((one) => one.path === CONFIG_ENTRY && one.entry === address);
    if (!present) {
      steps.push(step("virsh-attach", hostdev));
      entries.push(entryOf(CONFIG_ENTRY, address));
      effects.push(`the configuration of the VM "${vm.name}" gets ${address}: it has it from its next start on`);
      if (hostdev.managed && !isStubDriver(device.driver)) {
        effects.push(...lossOf(facts, device).map((loss) => `while the VM "${vm.name}" runs: ${loss}`));
      }
    } else if (mine) {
      entries.push(entryOf(CONFIG_ENTRY, address));
      if (isAsWanted(present, hostdev)) continue;
      steps.push(step("virsh-detach", hostdevAsIs(present)), step("virsh-attach", hostdev));
      effects.push(`the entry of ${address} in the configuration of the VM "${vm.name}" changes`);
    } else {
      effects.push(`the VM "${vm.name}" has ${address} in its configuration already: taken over as found`);
      const { managed } = present;
      if (!isAsWanted(present, { ...hostdev, managed }))
        refusals.push(
          `the VM "${vm.name}" has ${address} already, with other options than these. Change that entry (virsh edit), or leave the options out`,
        );
      if (managed && !hostdev.managed)
        warnings.push(
          `${address} is in the VM "${vm.name}" with managed='yes': libvirt gives it back to its host driver when the VM ends, and the next "pulumi up" makes it assignable again`,
        );
    }
  }
  const added = steps.filter((one) => one.kind === "virsh-attach").length;
  const gone = steps.length - added;
  const ports = portsToAdd(domain.config, added - gone);
  if (ports > 0)
    warnings.push(
      `the PCI Express bus of the VM "${vm.name}" has no free root port: libvirt adds ${ports} to its configuration, which stay when the device goes`,
    );
  const full = noRoom(domain.config, added - gone);
  if (full !== undefined) refusals.push(`the VM "${vm.name}" has no room: ${full}`);
  const { vslot } = wish.options;
  const taken = added > gone && vslot ? slotRefusal(domain.config, vslot) : undefined;
  if (taken !== undefined) refusals.push(`the VM "${vm.name}": ${taken}`);
  if (added > 0 && domain.saved)
    refusals.push(
      `the VM "${vm.name}" is saved, and its next start goes on with the devices that it had. Start it, or drop the saved state: virsh managedsave-remove ${vm.key}`,
    );
  if (added > 0 && domain.snapshots > 0)
    warnings.push(
      `the VM "${vm.name}" has ${domain.snapshots} snapshot${domain.snapshots > 1 ? "s" : ""}: going back to one takes the configuration of then, without the device`,
    );
  return { steps, entries, effects, warnings, refusals };
}

function planLive(
  facts: HostFacts,
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  wanted: readonly Wanted[],
  ours: readonly Entry[],
  program: PlanContext["program"],
): Part {
  const { domain } = vm;
  const had = ours.filter((one) => one.path === LIVE_ENTRY && inRunning(domain, one.entry as PciDevice["address"]));
  if (!domain.running || wish.scope === "config") return { ...NOTHING, entries: had };
  const missing = wanted.filter(({ device }) => !inRunning(domain, device.address));
  if (missing.length === 0) return { ...NOTHING, entries: had };
  const hinder = hindrance(facts, vm, missing, program);
  if (hinder) {
    const part = { ...NOTHING, entries: had };
    if (hinder.waitsFor !== undefined)
      return { ...part, effects: [`the hot-plug into the running VM "${vm.name}" waits for "${hinder.waitsFor}"`] };
    return wish.scope === "auto" && domain.persistent
      ? { ...part, effects: [`the running VM "${vm.name}" gets it at its next start: ${hinder.reason}`] }
      : { ...part, refusals: [hinder.reason] };
  }
  return {
    ...NOTHING,
    steps: missing.map(({ hostdev }) => ({
      kind: "virsh-attach",
      uri: libvirt.uri,
      vm: { uuid: vm.key, name: vm.name },
      hostdev,
      to: "live",
      separateScopes: libvirt.separateScopes,
    })),
    entries: [...had, ...missing.map(({ device }) => entryOf(LIVE_ENTRY, device.address))],
    effects: missing.flatMap(({ device, hostdev }) => [
      `${device.address} is hot-plugged into the running VM "${vm.name}"`,
      ...(hostdev.managed && !isStubDriver(device.driver) ? lossOf(facts, device) : []),
    ]),
  };
}

function scopeRefusal(wish: AttachWish, { domain }: LibvirtVm): string | undefined {
  if (!domain.persistent && (wish.scope === "config" || wish.scope === "both"))
    return `the VM "${domain.name}" is transient: it has no configuration that outlives it. Define it (virsh define), or set scope to "live"`;
  return wish.scope === "live" && !domain.running
    ? `the VM "${domain.name}" does not run, and scope is "live"`
    : undefined;
}

function severalInOneSlot(wish: AttachWish, devices: readonly PciDevice[]): string | undefined {
  return wish.options.vslot && devices.length > 1
    ? `${formatPciTarget(wish.target)} has ${devices.length} functions, and libvirt gives each a slot of its own. Name one function, or leave vslot out`
    : undefined;
}

/** libvirt gives VMs what is on the one stub driver that it works with. */
function onOtherStub(facts: HostFacts, devices: readonly PciDevice[]): string | undefined {
  const stub = stubDriverOf(facts, { driver: undefined });
  const other = devices.find(({ driver }) => isStubDriver(driver) && driver !== stub);
  return (
    other &&
    `${other.address} is on ${other.driver}, and this libvirt gives VMs what is on ${stub}: the VM would not start. Leave \`driver\` of its AssignableDevice out`
  );
}

/** QEMU reaches the devices through files of /sys, which SELinux forbids it unless this boolean is on. */
function allowSysfs(facts: HostFacts, key: string): Part {
  if (facts.xen || facts.selinux?.virtUseSysfs === undefined) return NOTHING;
  // On because of another attachment of ours: then the last one of all switches it off again.
  if (facts.selinux.virtUseSysfs)
    return othersHaveEntriesIn(facts, key, SYSFS_BOOLEAN_ENTRY.path)
      ? { ...NOTHING, entries: [SYSFS_BOOLEAN_ENTRY] }
      : NOTHING;
  return {
    ...NOTHING,
    steps: [{ kind: "set-selinux-boolean", name: SYSFS_BOOLEAN, to: true }],
    entries: [SYSFS_BOOLEAN_ENTRY],
    effects: [
      `the SELinux boolean ${SYSFS_BOOLEAN} is switched on for good (setsebool -P): without it VMs may not use PCI devices of this host, whose SELinux is ${facts.selinux.mode}`,
    ],
  };
}

function judgeOtherVms(
  libvirt: LibvirtAnswers,
  wish: AttachWish,
  vm: LibvirtVm,
  devices: readonly PciDevice[],
): readonly Refusal[] {
  if (wish.allow.includes("configured-in-other-vm")) return [];
  return libvirt.domains
    .filter((other) => other.uuid !== vm.key && devices.some(({ address }) => inConfig(other, address)))
    .map((other) => ({
      guard: "configured-in-other-vm",
      message: `the configuration of the VM "${other.name}" has ${formatPciTarget(wish.target)} too, and the two VMs could not run at the same time. If this is meant, add allow: ["configured-in-other-vm"].`,
    }));
}

function isBoolean(entry: Entry): boolean {
  return entry.path === SYSFS_BOOLEAN_ENTRY.path;
}

function distinct(entries: readonly Entry[]): Entry[] {
  return entries.filter(
    (one, at) => entries.findIndex((other) => other.path === one.path && other.entry === one.entry) === at,
  );
}
