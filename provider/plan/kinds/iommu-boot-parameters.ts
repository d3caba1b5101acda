import { z } from "zod";
import type { Claim } from "../../claims/claim";
import { type BootArgument, entriesOf } from "../../claims/claim-entry";
import { bootTrialOf } from "../../facts/boot-trial";
import type { KeyedClaim } from "../../facts/claims";
import type { HostFacts } from "../../facts/host-facts";
import { addBootArgument, hasBootArgument, removeBootArgument } from "../boot-argument";
import { claimFor, claimKey, dropClaim, endClaim, findClaim, judgeUnreadable, noteRemoval } from "../claim";
import { loss, neither } from "../effect";
import { FAILED_BOOT, putOnTrial, trialAfterRemoval } from "../hide/boot-trial";
import { deviceInputs } from "../inputs/device-inputs";
import { isIommuActive } from "../iommu-state";
import { defineKind } from "../kind";
import { join, NOTHING, type Part, part, refuse, saidOnce, unchanged } from "../part";
import { BootChange, Pending } from "../status";
import { trialBootOf } from "../trial-boot";
import type { IommuWish, Owner, PlanContext } from "../wish";

/** IommuBootParameters: the host boots with the argument that switches its IOMMU on. */
export const iommuBootParameters = defineKind({
  description:
    "Turns on a host's IOMMU, without which VMs cannot have devices safely. It adds the boot argument that is missing, and writes nothing if the IOMMU is on already. Where only a person can help (in the firmware setup, say), preview says what to do. A destroy removes the argument.",
  inputs: z.strictObject({ host: deviceInputs.host }),
  outputs: z.object({
    firmware: z
      .enum(["intel", "amd", "none"])
      .meta({ id: "IommuKind", description: "The kind of IOMMU that a firmware offers." })
      .describe(
        "The kind of IOMMU that the firmware offers; `none` if there is none, or if the firmware setup has it disabled.",
      ),
    configured: z.boolean().describe("Whether the boot configuration turns the IOMMU on at every boot."),
    active: z.boolean().describe("Whether the IOMMU is on now."),
    pending: Pending.describe(
      "`host-reboot` if the IOMMU is configured but not yet on, `confirmation` while the boot with it is on trial; else `none`.",
    ),
    bootChange: BootChange,
  }),
  keyInputs: [],
  identity: [],
  changesBoot: true,
  previewedWithout: [],
  foretold: ["firmware", "configured", "active", "pending"],
  property: "",
  wish: ({ host }): IommuWish => ({ kind: "IommuBootParameters", trialBoot: trialBootOf(host.safety) }),
  key: (_, wish) => claimKey(wish),
  present: switchOn,
  absent: takeBack,
  status: iommuStatus,
  // Where no boot argument is needed, nothing of the resource can be missing.
  isGone: () => false,
  purpose: (_, _wish, purpose) =>
    purpose === "present" ? "turn the IOMMU on" : "remove the boot argument that turns the IOMMU on",
});

/** Adds the missing boot argument, or tells the user what to do. */
function switchOn(facts: HostFacts, wish: IommuWish, { owner }: PlanContext): Part {
  const key = claimKey(wish);
  const unreadable = judgeUnreadable(facts, key);
  if (unreadable.length > 0) return part({ judgements: unreadable });
  const claim = findClaim(facts, key);
  // An argument that another stack wrote serves this one too, but only that stack removes it.
  const isOwn = claim === undefined || (claim.project === owner.project && claim.stack === owner.stack);
  const need = iommuNeed(facts);
  const argument = claim ? writtenArgument(claim) : need.kind === "argument" ? need.argument : undefined;
  if (need.kind === "advice" && !(argument && isOwn)) return part({ warnings: [need.say] });
  if (!argument || (need.kind === "nothing" && !isOwn)) return saidOnce(owner, need.say);
  if (!isOwn || (!claim && hasBootArgument(facts, argument)))
    return unchanged(`${argument.text} is in the boot configuration already: reboot the host for it to take effect`);
  const added = addBootArgument(facts, key, argument);
  if (added.judgements.length > 0) return added;
  const changes = added.steps.length > 0 || added.regenerate.length > 0;
  const bootChange = changes ? `${facts.machine.bootId}/${owner.token}` : claim?.bootChange;
  const claimSteps = claimFor(facts, key, owner, {
    functions: [],
    entries: claim?.entries ?? [...added.entries],
    ...(bootChange === undefined ? {} : { bootChange }),
  });
  if (bootTrialOf(facts) === "went-back" && (changes || (claim && !isIommuActive(facts)))) return refuse(FAILED_BOOT);
  const draft = part({ steps: [...claimSteps, ...added.steps], regenerate: added.regenerate });
  if (!changes) return draft;
  const effects = [neither(need.say), ...added.effects, neither("the change waits for a reboot of the host")];
  return putOnTrial(facts, { ...draft, effects }, wish.trialBoot, { kind: "old-entry" });
}

/** Removes our argument. The IOMMU stays on until the reboot. */
function takeBack(facts: HostFacts, wish: IommuWish, { owner }: PlanContext): Part {
  const key = claimKey(wish);
  return endClaim(facts, key, owner, NOTHING, (claim) => removeArgument(facts, wish, owner, claim));
}

function removeArgument(facts: HostFacts, { trialBoot }: IommuWish, owner: Owner, { key, claim }: KeyedClaim): Part {
  const argument = writtenArgument(claim);
  const removed = argument ? removeBootArgument(facts, key, argument) : NOTHING;
  if (removed.judgements.length > 0) return removed;
  const changes = removed.steps.length > 0;
  return join(
    part({
      steps: removed.steps,
      regenerate: [...removed.regenerate, ...trialAfterRemoval(facts, key, trialBoot, removed.regenerate.length > 0)],
    }),
    part({
      steps: [dropClaim(key, claim), ...(changes && isIommuActive(facts) ? [noteRemoval(facts, key, owner)] : [])],
      effects: changes && argument ? [loss(`${argument.text} is removed from the boot configuration`)] : [],
    }),
  );
}

/** The current state of the host's IOMMU. */
export interface IommuStatus {
  /** The IOMMU that the firmware offers; "none" when there is none or the firmware setup has it switched off. */
  readonly firmware: "intel" | "amd" | "none";
  /** Whether future boots have it switched on. */
  readonly configured: boolean;
  /** Whether it is in use now. */
  readonly active: boolean;
  readonly pending: "none" | "host-reboot" | "confirmation";
  /** Names the last write that needs a reboot of the host; empty when there was none. */
  readonly bootChange: string;
}

function iommuStatus(facts: HostFacts, _wish: IommuWish, key: string): IommuStatus {
  const claim = findClaim(facts, key);
  const need = iommuNeed(facts);
  const argument = claim ? writtenArgument(claim) : need.kind === "argument" ? need.argument : undefined;
  const active = isIommuActive(facts);
  const isUnconfirmed = bootTrialOf(facts) === "unconfirmed";
  const configured = argument ? hasBootArgument(facts, argument) : active;
  return {
    firmware: facts.iommu.offered ?? "none",
    configured,
    active,
    pending: configured && !active ? "host-reboot" : claim && isUnconfirmed ? "confirmation" : "none",
    bootChange: claim?.bootChange ?? "",
  };
}

/**
 * What it takes to turn the IOMMU on: nothing, something only a person can do, or a boot argument. `say` tells
 * people.
 */
export type IommuNeed =
  | { readonly kind: "nothing"; readonly say: string }
  | { readonly kind: "advice"; readonly say: string }
  | { readonly kind: "argument"; readonly argument: BootArgument; readonly say: string };

/** What it takes to switch the IOMMU of this host on. */
export function iommuNeed(facts: HostFacts): IommuNeed {
  if (isIommuActive(facts)) return { kind: "nothing", say: "the IOMMU is on: nothing to do" };
  // First, as an old kernel shows no tables of the firmware.
  if (facts.xen && facts.xen.iommu === undefined) return advice(unknownToXen(facts));
  if (facts.iommu.offered === undefined)
    return advice(
      "the firmware of the host offers no IOMMU (ACPI has neither a DMAR nor an IVRS table). Turn on VT-d (Intel) or AMD-Vi, often called IOMMU, in the firmware setup",
    );
  return facts.xen ? xenNeed(facts, facts.xen.commandLine) : linuxNeed(facts, facts.iommu.offered);
}

function unknownToXen(facts: HostFacts): string {
  return `"${xenTool(facts)} info" does not say whether Xen uses an IOMMU, so nothing is changed. Check with ${xenLog(facts)}`;
}

function xenTool({ xen, xend }: HostFacts): "xl" | "xm" {
  return xend && !xen?.xl ? "xm" : "xl";
}

/** A command that shows what Xen logged of its IOMMU. */
function xenLog(facts: HostFacts): string {
  return `"${xenTool(facts)} dmesg | grep -i -e vt-d -e amd-vi"`;
}

// docs/misc/xen-command-line.pandoc (4.17), iommu: on by default where the firmware has one; a list with commas.
function xenNeed(facts: HostFacts, commandLine: string | undefined): IommuNeed {
  if (commandLine === undefined) return advice(unknownToXen(facts));
  const given = wordsOf(commandLine, "iommu");
  const off = given.find((word) => /[=,](off|no|0|false|disable)\b/.test(word));
  if (off !== undefined)
    return advice(`the IOMMU of Xen is off because its command line says ${off}. Remove that, and reboot`);
  if (given.some((word) => /[=,](on|yes|1|true|enable|force)\b/.test(word)))
    return advice(
      `Xen was told to use the IOMMU, but reports that it does not. Look for the cause with ${xenLog(facts)}`,
    );
  return argument(
    "xen",
    "iommu",
    "iommu=on",
    "Xen does not use the IOMMU that the firmware offers: iommu=on is added to its command line",
  );
}

// Documentation/admin-guide/kernel-parameters.txt (Linux 6.1): intel_iommu is off where CONFIG_INTEL_IOMMU_DEFAULT_ON
// is; AMD's is on when the firmware offers it.
function linuxNeed(facts: HostFacts, offered: "intel" | "amd"): IommuNeed {
  const { kernelCommandLine } = facts.machine;
  const given = [`${offered}_iommu`, "iommu"].flatMap((name) => wordsOf(kernelCommandLine, name));
  const off = given.find((word) => /[=,]off\b/.test(word));
  if (off !== undefined)
    return advice(`the IOMMU is off because the kernel's command line says ${off}. Remove that, and reboot`);
  if (offered === "amd")
    return advice(
      'the firmware offers an AMD IOMMU, which the kernel uses by default, but none is on. Look for the cause with "dmesg | grep AMD-Vi"',
    );
  if (given.some((word) => /^intel_iommu=(.*,)?on\b/.test(word)))
    return advice(
      'the kernel was started with intel_iommu=on, but no IOMMU is on. Look for the cause with "dmesg | grep -e DMAR -e IOMMU"',
    );
  const say = "the kernel does not use the IOMMU that the firmware offers: intel_iommu=on is added to its command line";
  return argument("linux", "intel_iommu", "intel_iommu=on", say);
}

function advice(say: string): IommuNeed {
  return { kind: "advice", say };
}

function argument(line: BootArgument["line"], name: string, text: string, say: string): IommuNeed {
  return { kind: "argument", argument: { line, name, text }, say };
}

function wordsOf(commandLine: string, name: string): readonly string[] {
  return commandLine.split(/\s+/).filter((word) => word.startsWith(`${name}=`));
}

function writtenArgument(claim: Claim): BootArgument | undefined {
  return entriesOf(claim.entries, "boot-argument")[0]?.undo;
}
