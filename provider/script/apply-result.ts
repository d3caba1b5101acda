import { fromBytes } from "../bytes";
import { PROGRESS_MARK, REGENERATIONS } from "../steps/regeneration";
import { describeStep, type Step } from "../steps/steps";

/** How one group of an apply ended on the host. */
export type GroupResult =
  | { readonly kind: "done" }
  /** The host is no longer as the plan found it; nothing was done. */
  | { readonly kind: "stale"; readonly reason: string }
  | {
      readonly kind: "failed";
      /** The step that failed, for people: `bind 0000:01:00.0 to pciback`. */
      readonly step: string;
      readonly output: string;
      /** Steps whose undo failed too, with what was printed. */
      readonly notUndone: readonly { readonly step: string; readonly output: string }[];
    }
  /** Nobody confirmed it over a new connection, so that the host undid it; `notUndone` as above. */
  | {
      readonly kind: "unconfirmed";
      readonly notUndone: readonly { readonly step: string; readonly output: string }[];
    }
  /** A step had not ended in time, and may still do what it should, so that nothing was undone. */
  | { readonly kind: "unknown"; readonly step: string; readonly output: string };

/**
 * How an apply ended; `groups` are in the order in which they were given, undefined where the script reported nothing.
 */
export type ApplyResult =
  /** The script did not arrive whole, or not in time: it did nothing. */
  | { readonly kind: "called-off" }
  /** The script did not end, or nothing is left that tells how: the host went down, or the script was killed. */
  | { readonly kind: "unfinished"; readonly groups: readonly (GroupResult | undefined)[] }
  | { readonly kind: "ended"; readonly groups: readonly (GroupResult | undefined)[] };

/** The groups of an apply, as far as its result is about them. */
export type AppliedSteps = readonly { readonly steps: readonly Step[] }[];

/**
 * Reads what `resultScript` printed for an apply that began in this boot. What it told is gone after a reboot, and then
 * it may have done anything.
 */
export function readLeftResult(printed: string, bootId: string, planned: AppliedSteps): ApplyResult {
  const isLeft = printed.startsWith(`@boot ${bootId}\n`) && /^@apply /m.test(printed);
  return isLeft ? readApplyResult(printed, planned) : { kind: "unfinished", groups: planned.map(() => undefined) };
}

/** Reads what an apply script of these groups printed, or left in its result file. */
export function readApplyResult(printed: string, planned: AppliedSteps): ApplyResult {
  const groups: (GroupResult | undefined)[] = planned.map(() => undefined);
  let begun = false;
  let ended = false;
  const lines = printed.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line === "@apply begin") begun = true;
    if (line === "@apply end") ended = true;
    const match = /^@group (\d+) (done|stale|failed|not-undone|unknown|unconfirmed)(?: (\w+))?$/.exec(line);
    if (!match || ended) continue;
    const group = Number(match[1]) - 1;
    const output = outputAfter(lines, index);
    const step = describe(planned[group]?.steps ?? [], match[3] ?? "");
    const earlier = groups[group];
    if (match[2] === "done") groups[group] = { kind: "done" };
    else if (match[2] === "stale") groups[group] = { kind: "stale", reason: output };
    else if (match[2] === "failed") groups[group] = { kind: "failed", step, output, notUndone: [] };
    else if (match[2] === "unknown") groups[group] = { kind: "unknown", step, output };
    else if (match[2] === "unconfirmed") groups[group] = { kind: "unconfirmed", notUndone: [] };
    else if (earlier?.kind === "failed" || earlier?.kind === "unconfirmed")
      groups[group] = { ...earlier, notUndone: [...earlier.notUndone, { step, output }] };
  }
  if (!begun) return { kind: "called-off" };
  if (ended) return { kind: "ended", groups };
  // Whoever takes a change back says so first, and may be killed meanwhile.
  const isOver = lines.lastIndexOf("@trial over") > lines.lastIndexOf("@trial expired");
  return {
    kind: "unfinished",
    groups: groups.map((group) => (group?.kind === "unconfirmed" && !isOver ? undefined : group)),
  };
}

/** The progress that a line of a running script reports; undefined when the line is about something else. */
export function readProgress(line: string): string | undefined {
  return line.startsWith(PROGRESS_MARK) ? fromBytes(line.slice(PROGRESS_MARK.length)) : undefined;
}

/** `name`: the number of a step, from 1, or the shell function that rebuilds something or keeps the record of the run. */
function describe(steps: readonly Step[], name: string): string {
  const step = steps[Number(name) - 1];
  if (step) return describeStep(step);
  if (name === "note_run") return "keep a record of what it is about to do";
  if (name === "network") return "set up the network as it was";
  if (name === "mounts") return "mount again what was mounted";
  if (name === "arm_trial") return "prepare the host to take the change back by itself";
  return Object.values(REGENERATIONS).find(({ shellFunction }) => shellFunction === name)?.describe ?? name;
}

function outputAfter(lines: readonly string[], start: number): string {
  const output: string[] = [];
  for (const line of lines.slice(start + 1)) {
    if (!line.startsWith("|")) break;
    output.push(line.slice(1));
  }
  return fromBytes(output.join("\n")).trim();
}
