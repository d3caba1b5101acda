import type { Claim } from "../../claims/claim";
import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { cautionTakeover } from "../claim";
import { finishRuns, withoutRegenerations } from "../finish-runs";
import { throughGate } from "../gate";
import { confirmFirst } from "../hide/boot-trial";
import { whyNoHost } from "../host-fitness";
import type { Kind, Purpose } from "../kind";
import { join, NOTHING, type Part, refuse } from "../part";
import type { Plan } from "../plan";
import type { PlanContext, Wish } from "../wish";
import { assignableDevice } from "./assignable-device";
import { hiddenPciDevice } from "./hidden-pci-device";
import { hostReboot } from "./host-reboot";
import { iommuBootParameters } from "./iommu-boot-parameters";
import { sriovVirtualFunctions } from "./sriov-virtual-functions";
import { vmPciAttachment } from "./vm-pci-attachment";

/** Every kind of resource, by its name. */
export const KINDS = {
  HiddenPciDevice: hiddenPciDevice,
  AssignableDevice: assignableDevice,
  VmPciAttachment: vmPciAttachment,
  SriovVirtualFunctions: sriovVirtualFunctions,
  IommuBootParameters: iommuBootParameters,
  HostReboot: hostReboot,
};

type Parts<K extends ResourceKind> = (typeof KINDS)[K] extends Kind<infer W, infer S> ? { wish: W; status: S } : never;
/** The same table, typed so that the compiler knows which wish belongs to which kind. */
const TYPED: { readonly [K in ResourceKind]: Kind<Parts<K>["wish"], Parts<K>["status"]> } = KINDS;
type WishOf<K extends ResourceKind> = { [P in K]: { readonly kind: P } & Parts<P>["wish"] }[K];

/** Plans what makes a wish true. */
export function planPresent<K extends ResourceKind>(facts: HostFacts, wish: WishOf<K>, context: PlanContext): Plan {
  const unable = whyNoHost(facts);
  if (unable !== undefined) return throughGate(facts, wish, context, refuse(unable));
  const { changesBoot, present } = TYPED[wish.kind];
  const runs = changesBoot ? facts.unfinishedRuns : [];
  const key = keyOf(facts, wish);
  const warnings = key === undefined ? [] : cautionTakeover(facts, key, context.owner);
  const own = (now: HostFacts) => join(present(now, wish, context), { ...NOTHING, warnings });
  const part = finishRuns(facts, runs, inKeptBoot(wish, own));
  const plan = throughGate(facts, wish, context, part);
  // What a guard warns of may be about to happen: the way back is not left out then.
  return plan.overridden.length > 0 && "trialBoot" in wish && wish.trialBoot.mode === "never"
    ? planPresent(facts, { ...wish, trialBoot: { ...wish.trialBoot, mode: "auto" } }, context)
    : plan;
}

/** Plans what reverts the changes of a wish; an empty plan when nothing is left to revert. */
export function planAbsent<K extends ResourceKind>(facts: HostFacts, wish: WishOf<K>, context: PlanContext): Plan {
  const { changesBoot, absent } = TYPED[wish.kind];
  // A host that cannot rebuild its initramfs must not hold up what has nothing to do with how it boots.
  const runs = changesBoot ? facts.unfinishedRuns : withoutRegenerations(facts.unfinishedRuns);
  const part = finishRuns(
    facts,
    runs,
    inKeptBoot(wish, (now) => absent(now, wish, context)),
  );
  return throughGate(facts, wish, context, part);
}

/** The plan of a wish, which first confirms a boot on trial where it has to do with how the host boots. */
function inKeptBoot(wish: Wish, plan: (facts: HostFacts) => Part): (facts: HostFacts) => Part {
  return bootsHost(wish) ? (facts) => confirmFirst(facts, plan) : plan;
}

/** Whether a wish has to do with how the host boots: its resource confirms a boot on trial. */
export function bootsHost({ kind }: Wish): boolean {
  return TYPED[kind].changesBoot || kind === "HostReboot";
}

/**
 * The key of a wish on its host, which names its claim and is part of its id. Undefined while its VM cannot be found.
 */
export function keyOf<K extends ResourceKind>(facts: HostFacts, wish: WishOf<K>): string | undefined {
  return TYPED[wish.kind].key(facts, wish);
}

/** The current state of a wish, as outputs. */
export function statusOfWish<K extends ResourceKind>(
  facts: HostFacts,
  wish: WishOf<K>,
  key: string,
): Parts<K>["status"] {
  return TYPED[wish.kind].status(facts, wish, key);
}

/** Whether nothing of a wish is left on the host, neither the claim nor its effect. */
export function isGone<K extends ResourceKind>(facts: HostFacts, wish: WishOf<K>, key: string): boolean {
  return TYPED[wish.kind].isGone(facts, wish, key);
}

/** The inputs that a claim was made with other values of, and that no update changes. */
export function madeOtherwise<K extends ResourceKind>(claim: Claim, wish: WishOf<K>): readonly string[] {
  return TYPED[wish.kind].madeOtherwise?.(claim, wish) ?? [];
}

/** `make 0000:01:00.0 assignable`: what follows "Unable to" in errors. */
export function purposeOf<K extends ResourceKind>(
  facts: HostFacts | undefined,
  wish: WishOf<K>,
  purpose: Purpose,
): string {
  return TYPED[wish.kind].purpose(facts, wish, purpose);
}

/** The wish of a resource in the state; what its key names takes precedence over inputs that are out of date. */
export function storedWish<K extends ResourceKind>(wish: WishOf<K>, key: string): Wish {
  return TYPED[wish.kind].stored(wish, key);
}
