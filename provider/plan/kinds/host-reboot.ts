import { z } from "zod";
import { formatKey } from "../../claims/claim-key";
import { bootTrialOf } from "../../facts/boot-trial";
import type { HostFacts } from "../../facts/host-facts";
import type { Reboot } from "../../steps/reboot";
import { claimFor, claimKey, claimOfResource, dropClaim, findClaim, judgeUnreadable } from "../claim";
import { loss, neither } from "../effect";
import { waitingChanges } from "../hide/boot-changes";
import { nextBootLine } from "../hide/boot-trial";
import { deviceInputs } from "../inputs/device-inputs";
import { defineKind } from "../kind";
import { join, NOTHING, type Part, part, saidOnce, unchanged } from "../part";
import { Pending } from "../status";
import { type RunningVms, runningVms } from "../toolstacks/host-vms";
import { trialBootOf } from "../trial-boot";
import type { Owner, PlanContext, RebootWish } from "../wish";

/** The boot that the host is in, and what waits for the next one. */
export interface RebootStatus {
  /** The id of the current boot, a uuid; it changes with each reboot. */
  readonly bootId: string;
  readonly pending: "none" | "host-reboot" | "confirmation";
  /** What a reboot would bring about, for any stack; one line each, for people. */
  readonly waiting: readonly string[];
}

/** HostReboot: the host is rebooted when needed. */
export const hostReboot = defineKind({
  description:
    "Reboots a host when its boot changes wait for that; nothing else in this package reboots. It ends when the host is back and its boot has finished. With the classes of the npm package, what the program declares before it on this host is done before, and what it declares after it is done after; programs that use the plugin say that by `dependsOn`. A destroy does nothing on the host.",
  inputs: z.strictObject({
    host: deviceInputs.host,
    triggers: z
      .array(z.string())
      .optional()
      .describe(
        'With `when: "always"`, other values mean another reboot: the `bootChange` of each resource that needs it, for instance. Default: none.',
      ),
    when: z
      .enum(["pending", "always", "never"])
      .meta({ id: "RebootWhen", description: "When a host is rebooted." })
      .optional()
      .describe(
        "`pending`: reboots only while a boot change of this stack waits for it, as the host itself reports. `always`: reboots for each new value of `triggers` as well. `never`: only tells what waits. Default: `pending`.",
      ),
    allowRunningVms: z
      .boolean()
      .optional()
      .describe(
        "Whether running VMs may go down with the host. Default: false, and the reboot is refused while a VM runs.",
      ),
    timeoutSeconds: z
      .int()
      .min(30, "must be 30 or more: no host boots faster")
      .max(24 * 3600)
      .optional()
      .describe("Seconds until the host must be back, from 30 to 86,400. Default: 900."),
    maxParallel: z
      .int()
      .min(1, "must be 1 or more: the host itself counts")
      .optional()
      .describe(
        "How many hosts of the program may be down at once when this one goes down, itself included. Default: 1.",
      ),
  }),
  outputs: z.object({
    bootId: z
      .string()
      .describe("Id of the current boot, a UUID from /proc/sys/kernel/random/boot_id; every reboot changes it."),
    pending: Pending.describe(
      "`host-reboot` while a boot change of any stack waits for a reboot of the host, `confirmation` while its boot is on trial; else `none`.",
    ),
    waiting: z
      .array(z.string())
      .describe(
        "What the next reboot will bring about, for any stack: a sentence for each boot change. Empty if nothing waits.",
      ),
  }),
  keyInputs: [],
  identity: [],
  changesBoot: false,
  previewedWithout: ["triggers"],
  foretold: ["bootId", "pending", "waiting"],
  property: "",
  wish: (inputs): RebootWish => ({
    kind: "HostReboot",
    triggers: inputs.triggers ?? [],
    when: inputs.when ?? "pending",
    allowRunningVms: inputs.allowRunningVms ?? false,
    // Servers with a lot of memory test it for minutes before they boot.
    timeoutSeconds: inputs.timeoutSeconds ?? 15 * 60,
    maxParallel: inputs.maxParallel ?? 1,
    trialBoot: trialBootOf(inputs.host.safety),
  }),
  key: (_, wish) => claimKey(wish),
  present: reboot,
  absent: forgetReboots,
  status(facts): RebootStatus {
    const waiting = waitingChanges(facts, undefined).map(({ what }) => what);
    const confirmed = bootTrialOf(facts) === "unconfirmed" ? "confirmation" : "none";
    return { bootId: facts.machine.bootId, pending: waiting.length > 0 ? "host-reboot" : confirmed, waiting };
  },
  // A reboot cannot disappear.
  isGone: () => false,
  purpose: (_, _wish, purpose) => (purpose === "present" ? "reboot the host" : "forget the reboots of the host"),
});

/** The reboot, or why there is none. */
function reboot(facts: HostFacts, wish: RebootWish, { owner }: PlanContext): Part {
  const key = claimOfStack(wish, owner);
  const unreadable = judgeUnreadable(facts, key);
  if (unreadable.length > 0) return part({ judgements: unreadable });
  // Only the stack's own changes: other stacks decide when to reboot for theirs.
  const waiting = waitingChanges(facts, owner);
  const asked = wish.when === "always" && !wasRebooted(facts, wish, owner);
  const noted =
    wish.when === "always"
      ? claimFor(facts, key, owner, {
          functions: [],
          entries: [],
          reboot: asked
            ? { triggers: [...wish.triggers], bootId: facts.machine.bootId }
            : findClaim(facts, key)?.reboot,
        })
      : [];
  if (waiting.length === 0 && !asked)
    return join(part({ steps: noted }), saidOnce(owner, "no boot change needs a reboot: the host is not rebooted"));
  if (wish.when === "never")
    return unchanged(
      `the host needs a reboot, and is not rebooted (when: "never"): ${waiting.map(({ what }) => what).join("; ")}`,
    );
  const running = runningVms(facts);
  const isOnTrial = bootTrialOf(facts) === "armed";
  const step: Reboot = {
    bootId: facts.machine.bootId,
    askedBy: `the stack "${owner.stack}" of the project "${owner.project}"`,
    by: facts.machine.isXenServer ? "xapi" : "init",
    // A boot that fails takes its time, and the old one comes after it.
    timeoutSeconds: isOnTrial ? 2 * wish.timeoutSeconds + wish.trialBoot.seconds : wish.timeoutSeconds,
    maxParallel: wish.maxParallel,
  };
  return part({
    steps: noted,
    reboot: step,
    effects: [
      loss("the host is rebooted"),
      ...(running.names.length > 0 ? [loss(`its running VMs go down with it: ${running.names.join(", ")}`)] : []),
      ...(running.kind === "some"
        ? running.reasons.map((reason) => loss(`VMs that may run go down with it: ${reason}`))
        : []),
      ...waiting.map(({ what }) => neither(`because ${what}`)),
      neither(waiting.length > 0 ? nextBootLine(facts) : "because the program asks for a reboot"),
    ],
    judgements: wish.allowRunningVms
      ? []
      : whyKeptUp(running).map((why) => ({
          guard: undefined,
          evidence: `${why}, or let running VMs go down with the host: allowRunningVms: true`,
        })),
  });
}

function whyKeptUp(running: RunningVms): readonly string[] {
  const { names } = running;
  const known = names.length > 0 ? [`VMs are running on it: ${names.join(", ")}. Shut them down first`] : [];
  switch (running.kind) {
    case "all":
      return known;
    case "some":
      return [...known, ...running.reasons.map((reason) => `VMs may be running on it: ${reason}`)];
  }
}

/** A reboot cannot be undone; only its claim is removed. */
function forgetReboots(facts: HostFacts, wish: RebootWish, { owner }: PlanContext): Part {
  const keyed = claimOfResource(facts, claimOfStack(wish, owner), owner);
  return keyed ? part({ steps: [dropClaim(keyed.key, keyed.claim)] }) : NOTHING;
}

/**
 * Whether the host was rebooted for these triggers: noted in an earlier boot, so that a crash in between asks for no
 * second reboot.
 */
function wasRebooted(facts: HostFacts, wish: RebootWish, owner: Owner): boolean {
  const done = findClaim(facts, claimOfStack(wish, owner))?.reboot;
  return (
    done !== undefined &&
    done.bootId !== facts.machine.bootId &&
    JSON.stringify(done.triggers) === JSON.stringify(wish.triggers)
  );
}

/** Each stack reboots for its own reasons, so that several may share a host. */
function claimOfStack({ kind }: RebootWish, { project, stack }: Owner): string {
  return formatKey({ kind, stack: { project, stack } });
}
