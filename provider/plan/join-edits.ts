import type { FileEdit } from "../steps/file";
import type { Step } from "../steps/steps";
import type { Dom0ArgumentEdit } from "../steps/xen-cmdline";

/**
 * The same steps with at most one edit per file and per boot argument. An apply checks the assumptions of all steps
 * before it performs the first, and a second edit would assume the result of the first.
 */
export function joinEdits(steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const index = joined.findIndex((earlier) => isEdit(earlier) && isEdit(step) && placeOf(earlier) === placeOf(step));
    const earlier = joined[index];
    if (earlier && isEdit(earlier) && isEdit(step)) joined[index] = join(earlier, step);
    else joined.push(step);
  }
  return joined;
}

type Edit = FileEdit | Dom0ArgumentEdit;

function isEdit(step: Step): step is Edit {
  return step.kind === "edit-file" || step.kind === "set-dom0-argument";
}

function placeOf(edit: Edit): string {
  return edit.kind === "edit-file" ? `file ${edit.path}` : `argument ${edit.name}`;
}

function join(earlier: Edit, later: Edit): Edit {
  const original = earlier.original === "keep" ? "keep" : later.original;
  return { ...later, before: earlier.before, hides: [...new Set([...earlier.hides, ...later.hides])], original };
}
