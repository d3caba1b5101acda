import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtAnswers } from "../../../facts/libvirt";
import { functionsOf, type PciDevice } from "../../../facts/pci-devices";
import { formatPciTarget } from "../../../pci/address";
import { isStubDriver } from "../../../pci/stub-driver";
import { claimFor, claimKey, findClaim, othersHaveEntriesIn, refuseForeignClaim } from "../../claim";
import { cautionsOf } from "../../effects";
import { judgeSteps } from "../../judge";
import { noSuchDevice } from "../../no-such-device";
import { type Plan, type Refusal, refusedPlan } from "../../plan";
import { libvirtSays } from "../../silent-libvirt";
import { stubDriverOf } from "../../stub-driver";
import type { AttachWish, PlanContext } from "../../wish";
import { planConfig } from "./config-part";
import { findVm, inConfig, type LibvirtVm } from "./find-vm";
import { hostdevFor, optionRefusal } from "./hostdev";
import { SYSFS_BOOLEAN, SYSFS_BOOLEAN_ENTRY } from "./libvirt-claim";
import { planLive } from "./live-part";
import { type Entry, NOTHING, type Part } from "./part";

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
