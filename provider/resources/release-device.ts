import { PassthroughError, sentence, unable } from "../errors";
import type { HostFacts } from "../facts/host-facts";
import { formatPciTarget, type PciTarget, parsePciTarget } from "../pci/address";
import { vmFilesOf } from "../plan/claim";
import type { HostInput } from "../plan/inputs/host-input";
import { planAbsent, purposeOf } from "../plan/kinds/kinds";
import { planReleased, type Removed } from "../plan/kinds/removed";
import { safetyOf } from "../plan/safety";
import { withHost } from "./asked-host";
import { noteOf } from "./effect-lines";
import type { ManagedHost } from "./managed-host";
import { questionsOf } from "./questions";

/** What a stack has made for a device, and what giving it back does. */
export interface Release {
  readonly kind: Removed["kind"];
  readonly label: string;
  readonly project: string;
  readonly stack: string;
  /** What changes for the host and its VMs, one line each. */
  readonly effects: readonly string[];
}

/** The end of `releaseDevice`. `released`: whether it was confirmed, and is done. */
export interface ReleaseEnd {
  readonly claims: readonly Release[];
  readonly released: boolean;
}

/**
 * Gives back what stacks have made for a device, as their own destroy would, once `confirm` has seen it and said yes.
 * Throws PassthroughError: for bad input, where nothing claims the device, and where something speaks against it.
 */
export function releaseDevice(
  host: unknown,
  device: string,
  confirm: (claims: readonly Release[]) => Promise<boolean>,
  progress: (line: string) => void,
): Promise<ReleaseEnd> {
  const target = parsePciTarget(device);
  if (!target)
    throw new PassthroughError(
      `Unable to release "${device}": it must be a PCI address such as "0000:04:00.0", or a slot such as "0000:04:00".`,
    );
  return withHost(host, async (asked, input) => {
    const removed = await findReleased(asked, input, target);
    const claims = removed.map(shown);
    if (!(await confirm(claims))) return { claims, released: false };
    for (const part of removed) await giveBack(asked, input, part, progress);
    return { claims, released: true };
  });
}

async function findReleased(asked: ManagedHost, input: HostInput, target: PciTarget): Promise<readonly Removed[]> {
  const purpose = `release ${formatPciTarget(target)}`;
  const facts = await withVmFiles(asked, input, target);
  const removed = planReleased(facts, target, input);
  const because = (reason: string) => new PassthroughError(unable({ purpose, host: asked.name, reason }));
  if (removed.length === 0) throw because("no stack manages it. Nothing was changed");
  const refusals = removed.flatMap(({ plan }) => plan.refusals.map(({ message }) => message));
  if (refusals.length > 0) throw because(`${[...new Set(refusals.map(sentence))].join("\n")} Nothing was changed`);
  return removed;
}

/** The facts with the VM configurations that the claims have entries in, wherever these are. */
async function withVmFiles(asked: ManagedHost, input: HostInput, target: PciTarget): Promise<HostFacts> {
  const facts = await asked.facts("work", questionsOf(input, []));
  const files = planReleased(facts, target, input).flatMap(({ owner }) => vmFilesOf(facts, owner));
  return files.length === 0 ? facts : asked.facts("work", questionsOf(input, files));
}

function shown({ kind, label, owner: { project, stack }, plan: { effects, warnings } }: Removed): Release {
  return { kind, label, project, stack, effects: [...effects.map(({ text }) => text), ...warnings.map(noteOf)] };
}

async function giveBack(
  asked: ManagedHost,
  { safety }: HostInput,
  { wish, owner, label }: Removed,
  progress: (line: string) => void,
): Promise<void> {
  await asked.apply({
    label,
    purpose: purposeOf(undefined, wish, "absent"),
    device: "target" in wish ? formatPciTarget(wish.target) : undefined,
    safety: safetyOf(safety, process.env),
    plan: (facts) => planAbsent(facts, wish, { owner, program: [] }),
    progress,
    signal: undefined,
  });
}
