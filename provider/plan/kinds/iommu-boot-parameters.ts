import type { HostFacts } from "../../facts/host-facts";
import { addBootArgument, type BootArgument, hasBootArgument, removeBootArgument } from "../boot-argument";
import { claimFor, claimKey, claimToGiveBack, findClaim } from "../claim";
import { noteRemoval } from "../hide/boot-changes";
import { isIommuActive } from "../iommu-state";
import { emptyPlan, type Plan, refusedPlan } from "../plan";
import type { IommuWish, PlanContext } from "../wish";

/** In: facts and the wish that the host has an IOMMU for its VMs. Out: the one boot argument that is missing, or what a person has to do. */
export function planIommu(facts: HostFacts, wish: IommuWish, { owner }: PlanContext): Plan {
  const key = claimKey(wish);
  const claim = findClaim(facts, key);
  // What another stack wrote serves us as well, and is its own to take back.
  const isOurs = claim === undefined || (claim.project === owner.project && claim.stack === owner.stack);
  const need = iommuNeed(facts);
  const argument = claim ? writtenArgument(claim.entries) : need.kind === "argument" ? need.argument : undefined;
  if (!argument || !isOurs) return { ...emptyPlan(need.say), warnings: need.kind === "advice" ? [need.say] : [] };
  if (!claim && hasBootArgument(facts, argument))
    return emptyPlan(`${argument.text} stands in the boot configuration already, and waits for a reboot of the host`);
  const added = addBootArgument(facts, key, argument);
  if (added.kind === "unfit") return refusedPlan(added.reason);
  const bootChange = added.steps.length > 0 ? `${facts.machine.bootId}/${owner.token}` : claim?.bootChange;
  const { steps } = claimFor(facts, key, owner, {
    drivers: [],
    entries: claim?.entries ?? added.paths.map((path) => ({ path, entry: argument.text, undo: argument })),
    ...(bootChange === undefined ? {} : { bootChange }),
  });
  return {
    steps: [...steps, ...added.steps],
    effects: added.steps.length > 0 ? [need.say, ...added.effects, "the change waits for a reboot of the host"] : [],
    warnings: [],
    refusals: [],
  };
}

/** In: facts and a wish that ends. Out: the edits that take our argument out again; the IOMMU stays on until the reboot. */
export function planWithoutIommu(facts: HostFacts, wish: IommuWish, { owner }: PlanContext): Plan {
  const key = claimKey(wish);
  const claim = claimToGiveBack(facts, key, owner);
  if (!claim) return { steps: [], effects: [], warnings: [], refusals: [] };
  const argument = writtenArgument(claim.entries);
  const removed = argument ? removeBootArgument(facts, key, argument) : { steps: [] };
  if ("kind" in removed && removed.kind === "unfit") return refusedPlan(removed.reason);
  const edits = "steps" in removed ? removed.steps : [];
  return {
    steps: [
      ...edits,
      { kind: "drop-claim", key, before: claim },
      ...(edits.length > 0 && isIommuActive(facts) ? [noteRemoval(facts, key, owner)] : []),
    ],
    effects: edits.length > 0 && argument ? [`${argument.text} is taken out of the boot configuration`] : [],
    warnings: [],
    refusals: [],
  };
}

export interface IommuStatus {
  /** Whose IOMMU the firmware offers; "none" where there is none or it is switched off in the firmware's setup. */
  readonly firmware: "intel" | "amd" | "none";
  readonly configured: boolean;
  readonly active: boolean;
  readonly pending: "none" | "host-reboot";
  readonly bootChange: string;
}

export function iommuStatus(facts: HostFacts, key: string): IommuStatus {
  const claim = findClaim(facts, key);
  const need = iommuNeed(facts);
  const argument = claim ? writtenArgument(claim.entries) : need.kind === "argument" ? need.argument : undefined;
  const active = isIommuActive(facts);
  const configured = argument ? hasBootArgument(facts, argument) : active;
  return {
    firmware: facts.iommu.offered ?? "none",
    configured,
    active,
    pending: configured && !active ? "host-reboot" : "none",
    bootChange: claim?.bootChange ?? "",
  };
}

/** What it takes; `say` is for people. */
export type IommuNeed =
  | { readonly kind: "nothing"; readonly say: string }
  | { readonly kind: "advice"; readonly say: string }
  | { readonly kind: "argument"; readonly argument: BootArgument; readonly say: string };

export function iommuNeed(facts: HostFacts): IommuNeed {
  if (isIommuActive(facts)) return { kind: "nothing", say: "the IOMMU is on: nothing is written" };
  if (facts.iommu.offered === undefined)
    return advice(
      "the firmware of the host offers no IOMMU (ACPI has neither a DMAR nor an IVRS table). Switch on VT-d (Intel) or AMD-Vi, often called IOMMU, in its setup",
    );
  return facts.xen ? xenNeed(facts, facts.xen.commandLine) : linuxNeed(facts, facts.iommu.offered);
}

// docs/misc/xen-command-line.pandoc (4.17), iommu: on by default where the firmware has one; a list with commas.
function xenNeed(facts: HostFacts, commandLine: string | undefined): IommuNeed {
  if (facts.xen?.iommu === undefined || commandLine === undefined)
    return advice('"xl info" does not say whether Xen has an IOMMU: nothing is written');
  const given = wordsOf(commandLine, "iommu");
  const off = given.find((word) => /[=,](off|no|0|false|disable)\b/.test(word));
  if (off !== undefined)
    return advice(`the IOMMU of Xen is off because its command line says ${off}. Take that out, and reboot`);
  if (given.some((word) => /[=,](on|yes|1|true|enable|force)\b/.test(word)))
    return advice(
      "Xen was told to use the IOMMU, and reports that it does not. See xl dmesg | grep -i -e vt-d -e amd-vi",
    );
  return argument("xen", "iommu", "iommu=on", "Xen does not use the IOMMU that the firmware offers: it gets iommu=on");
}

// Documentation/admin-guide/kernel-parameters.txt (Linux 6.1): intel_iommu is off where CONFIG_INTEL_IOMMU_DEFAULT_ON is;
// AMD's is on when the firmware offers it.
function linuxNeed(facts: HostFacts, offered: "intel" | "amd"): IommuNeed {
  const { kernelCommandLine } = facts.machine;
  const given = [`${offered}_iommu`, "iommu"].flatMap((name) => wordsOf(kernelCommandLine, name));
  const off = given.find((word) => /[=,]off\b/.test(word));
  if (off !== undefined)
    return advice(`the IOMMU is off because the kernel's command line says ${off}. Take that out, and reboot`);
  if (offered === "amd")
    return advice(
      "the firmware offers an AMD IOMMU, which the kernel uses by itself, and yet none is on. See dmesg | grep AMD-Vi",
    );
  if (given.some((word) => /^intel_iommu=(.*,)?on\b/.test(word)))
    return advice(
      "the kernel was started with intel_iommu=on, and yet no IOMMU is on. See dmesg | grep -e DMAR -e IOMMU",
    );
  const say = "the kernel does not use the IOMMU that the firmware offers: it gets intel_iommu=on";
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

function writtenArgument(entries: readonly { readonly undo?: unknown }[]): BootArgument | undefined {
  const [first] = entries;
  return first ? (first.undo as BootArgument) : undefined;
}
