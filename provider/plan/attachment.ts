import { functionsOf } from "../facts/pci-devices";
import { formatPciTarget, type PciAddress } from "../pci/address";
import { entriesBeside, isAbout, sharedFunctions } from "./attachments-beside";
import {
  claimedFunctions,
  claimFor,
  claimKey,
  claimOfResource,
  distinctEntries,
  dropClaim,
  endClaim,
  findClaim,
  isClaimedAssignable,
  judgeClaim,
} from "./claim";
import { neither } from "./effect";
import { cautionsOf } from "./effects";
import { noSuchDevice } from "./no-such-device";
import { join, part, refuse, unchanged } from "./part";
import type { HostVm, VmDrafts, VmPlanner } from "./vm-planner";

/**
 * Wraps a toolstack in what attaching and detaching share on all of them: finding the functions and the VM, reading and
 * writing the claim, checking its owner, and warning about the devices. The toolstack drafts the rest.
 */
export function vmPlanner<V extends HostVm>(drafts: VmDrafts<V>): VmPlanner {
  const whenFound = (found: ReturnType<VmDrafts<V>["find"]>, holds: (vm: V) => boolean) =>
    found.kind === "found" && holds(found.vm);
  return {
    list: (facts) => drafts.list(facts),
    find: (facts, vm) => drafts.find(facts, vm),
    attach(facts, wish, { owner, program }) {
      const devices = functionsOf(facts.pciDevices, wish.target);
      if (devices.length === 0) return refuse(noSuchDevice(facts, formatPciTarget(wish.target)));
      const found = drafts.find(facts, wish.vm);
      if (found.kind !== "found") return refuse(found.reason);
      const { vm } = found;
      const today = claimKey(wish, vm.key);
      const key = claimOfResource(facts, today, owner)?.key ?? today;
      const claim = findClaim(facts, key);
      const addresses = new Set(devices.map(({ address }) => address));
      const entries = distinctEntries([...(claim?.entries ?? []), ...entriesBeside(facts, key, addresses)]);
      const draft = drafts.attach({ facts, wish, vm, devices, key, entries, program });
      if (draft.judgements.some(({ guard }) => guard === undefined) && draft.steps.length === 0) return draft;
      const functions = claimedFunctions(claim, devices);
      const claimSteps = claimFor(facts, key, owner, { functions, entries: [...draft.entries] });
      // An AssignableDevice has said it already.
      const untold = devices.filter(({ address }) => !isClaimedAssignable(facts, address));
      const cautions = draft.steps.length > 0 ? untold.flatMap((device) => cautionsOf(facts, wish, device)) : [];
      return join(part({ steps: claimSteps, warnings: cautions, judgements: judgeClaim(facts, key, owner) }), draft);
    },
    detach(facts, wish, { owner }) {
      const found = drafts.find(facts, wish.vm);
      const vm = found.kind === "found" ? found.vm : undefined;
      const today = claimKey(wish, vm?.key ?? wish.vm);
      const device = formatPciTarget(wish.target);
      const withoutClaim = unchanged(`${device} is no longer managed by this stack: nothing to take back`);
      const vmName = `the VM "${vm?.name ?? wish.vm}"`;
      return endClaim(facts, today, owner, withoutClaim, (keyed, moved) => {
        if (found.kind === "unreadable" || found.kind === "several") return refuse(found.reason);
        const { key, claim } = keyed;
        const shared = sharedFunctions(facts, key, claim);
        const stay = [...shared].map(([address, label]) =>
          neither(`${address} stays in ${vmName}, as "${label}" has it, too`),
        );
        const end = part({ effects: stay, steps: [dropClaim(key, claim)] });
        if (shared.size > 0 && shared.size === claim.functions.length) return end;
        const entries = claim.entries.filter((entry) => !isAbout(entry, shared));
        const draft = drafts.detach({ facts, wish, vm, key, entries, stays: new Set([...moved, ...shared.keys()]) });
        return draft.judgements.length > 0 ? draft : join(draft, end);
      });
    },
    isAttachedLive: (facts, vm, address: PciAddress) =>
      whenFound(drafts.find(facts, vm), (known) => drafts.isAttachedLive(facts, known, address)),
    isConfigured: (facts, vm, address: PciAddress) =>
      whenFound(drafts.find(facts, vm), (known) => drafts.isConfigured(facts, known, address)),
  };
}
