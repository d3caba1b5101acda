import type { Regenerated } from "../steps/step";

/** How one group of an apply ended on the host. */
export type GroupResult =
  | { readonly kind: "done" }
  | { readonly kind: "stale"; readonly reason: string }
  | {
      readonly kind: "failed";
      /** Which step, from 1; or what could not be made anew for all groups that wait for it. */
      readonly step: number | Regenerated;
      readonly output: string;
      /** Steps whose undoing failed too, with what was printed. */
      readonly notUndone: readonly { readonly step: number; readonly output: string }[];
    };

export type ApplyResult =
  /** Another apply held the host's lock for a quarter of an hour. */
  | { readonly kind: "busy" }
  /** The script did not get as far as its first step; `output` says why, if anything does. */
  | { readonly kind: "not-begun" }
  /** The script began and did not end: the host went down under it. */
  | { readonly kind: "unfinished"; readonly groups: ReadonlyMap<number, GroupResult> }
  | { readonly kind: "ended"; readonly groups: ReadonlyMap<number, GroupResult> };

/** Reads what an apply script printed, or left in its result file. */
export function readApplyResult(printed: string): ApplyResult {
  const groups = new Map<number, GroupResult>();
  let begun = false;
  let ended = false;
  const lines = printed.split("\n");
  for (const [at, line] of lines.entries()) {
    if (line === "@apply busy") return { kind: "busy" };
    if (line === "@apply begin") begun = true;
    if (line === "@apply end") ended = true;
    const match = /^@group (\d+) (done|stale|failed|not-undone)(?: ([\w-]+))?$/.exec(line);
    if (!match || ended) continue;
    const group = Number(match[1]);
    const output = outputAfter(lines, at);
    const before = groups.get(group);
    if (match[2] === "done") groups.set(group, { kind: "done" });
    else if (match[2] === "stale") groups.set(group, { kind: "stale", reason: output });
    else if (match[2] === "failed") {
      const step = /^\d+$/.test(match[3] ?? "") ? Number(match[3]) : (match[3] as Regenerated);
      groups.set(group, { kind: "failed", step, output, notUndone: [] });
    } else if (before?.kind === "failed") {
      groups.set(group, { ...before, notUndone: [...before.notUndone, { step: Number(match[3]), output }] });
    }
  }
  if (!begun) return { kind: "not-begun" };
  return { kind: ended ? "ended" : "unfinished", groups };
}

function outputAfter(lines: readonly string[], at: number): string {
  const output: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (!line.startsWith("|")) break;
    output.push(line.slice(1));
  }
  return output.join("\n").trim();
}
