import { indent, type Questions } from "../facts/answers";
import { RUN_FOLDER, STATE_FOLDER } from "../facts/claims";
import { hostFactsShell } from "../facts/host-facts";
import { quote } from "../shell";
import type { Regenerated, Regeneration, Step } from "../steps/step";
import { STEP_FUNCTIONS, stepShell } from "../steps/steps-shell";
import { regenerationSettings } from "./regeneration";

/** Steps that stand or fall together: the plan of one resource. */
export type StepGroup = readonly Step[];

/** In front of every script: one language, all programs. */
export const PROLOGUE = `
LC_ALL=C
export LC_ALL
unset XE_EXTRA_ARGS
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/xensource/bin:$PATH
SSH_ROUTE=$1
`.trim();

/** A script that reads all facts and changes nothing. */
export function factsScript(questions: Questions): string {
  return `${PROLOGUE}\n${hostFactsShell(questions)}\nfacts < /dev/null\n`;
}

/**
 * A script that applies groups of steps under the host's lock and then prints the facts.
 * It is one function called on the last line, so that a cut connection runs all of it or nothing; its result also
 * stays in a file, for `resultScript`. Its lines:
 *
 *     @group 1 done
 *     @group 2 stale              the facts of the plan do not hold any more: nothing was done
 *     @group 3 failed 2           step 2 failed, what it printed follows, and the group was undone
 *     @group 3 not-undone 1       taking step 1 back failed as well
 *     |what a command printed
 *     @progress dracut: 20 s so far; …   for the user, while something takes long; not in the result file
 */
export function applyScript(runId: string, groups: readonly StepGroup[], questions: Questions): string {
  const separate = groups.map(separateSteps);
  const shared = sharedRegenerations(groups);
  return [
    PROLOGUE,
    hostFactsShell(questions),
    STEP_FUNCTIONS,
    RUNNER,
    ...separate.map((group, at) => groupShell(at + 1, group)),
    "apply() {",
    `  begin ${quote(runId)} || return`,
    ...separate.map((group, at) => `  run_group ${at + 1} ${group.length}`),
    ...(shared.length > 0 ? [indent(regenerationSettings(groups.flat().filter(isRegeneration)))] : []),
    ...shared.map(([what, waiting]) => `  run_shared ${what} ${waiting.join(" ")}`),
    `  find ${STATE_FOLDER} -depth -type d -exec rmdir {} \\; 2> /dev/null`,
    "  tell '@apply end'",
    "  facts",
    "}",
    "apply < /dev/null",
    "",
  ].join("\n");
}

/** A script that waits until the run of that id has ended and prints its result; nothing when it never began. */
export function resultScript(runId: string): string {
  return `
[ -e ${RUN_FOLDER}/lock ] || exit 0
exec 9>> ${RUN_FOLDER}/lock
until flock -n 9; do sleep 1; done
cat ${RUN_FOLDER}/result-${quote(runId)} 2> /dev/null
exit 0
`.trimStart();
}

const RUNNER = `
tell() {
  printf '%s\\n' "$1" >> "$result"
  printf '%s\\n' "$1" 2> /dev/null
}
tell_log() {
  sed 's/^/|/' "$log" >> "$result"
  sed 's/^/|/' "$log" 2> /dev/null
}
begin() {
  trap '' HUP PIPE
  umask 022
  mkdir -p ${RUN_FOLDER} ${STATE_FOLDER} && chmod 700 ${RUN_FOLDER} ${STATE_FOLDER} || return
  exec 9>> ${RUN_FOLDER}/lock
  waited=0
  until flock -n 9; do
    waited=$((waited + 1))
    [ "$waited" -le 900 ] || { echo '@apply busy'; return 1; }
    sleep 1
  done
  find ${RUN_FOLDER} -type f -name 'result-*' -mtime +1 -exec rm -f {} +
  result=${RUN_FOLDER}/result-$1
  log=${RUN_FOLDER}/log
  exec 8>&1
  tell '@apply begin'
}
# Group, number of its steps.
run_group() {
  if ! "expect_group_$1" > "$log" 2>&1; then
    tell "@group $1 stale"
    tell_log
    return
  fi
  step=1
  while [ "$step" -le "$2" ]; do
    if ! "perform_$1_$step" > "$log" 2>&1 9>&-; then
      tell "@group $1 failed $step"
      tell_log
      undo_group "$1" "$step"
      return
    fi
    step=$((step + 1))
  done
  eval "done_$1=$2"
  tell "@group $1 done"
}
# Group, the step to begin at: from there back to the first.
undo_group() {
  undo=$2
  while [ "$undo" -ge 1 ]; do
    if ! "undo_$1_$undo" > "$log" 2>&1 9>&-; then
      tell "@group $1 not-undone $undo"
      tell_log
    fi
    undo=$((undo - 1))
  done
}
# What is to be made anew, the groups that all wait for it.
run_shared() {
  what=$1
  shift
  waiting=
  for group in "$@"; do
    eval "steps=\\\${done_$group:-}"
    [ -z "$steps" ] || waiting="$group $waiting"
  done
  [ -n "$waiting" ] || return 0
  make=regenerate_$(echo "$what" | tr - _)
  "$make" > "$log" 2>&1 9>&- && return
  for group in $waiting; do
    tell "@group $group failed $what"
    tell_log
  done
  made=$remade
  for group in $waiting; do
    eval "undo_group $group \\\${done_$group}"
  done
  # What was replaced before the failure follows its old sources again.
  [ -z "$made" ] || "$make" > "$log" 2>&1 9>&- || tell_log
}`.trim();

/** The steps that a group runs by itself; the numbers in the result count these. */
export function separateSteps(group: StepGroup): StepGroup {
  return group.filter((step) => !isRegeneration(step) && step.kind !== "reboot");
}

function groupShell(number: number, steps: readonly Step[]): string {
  const shells = steps.map(stepShell);
  const expectations = shells.flatMap((shell) => shell.expect);
  return [
    shellFunction(`expect_group_${number}`, [...expectations.map((one) => `${one} || return`), ":"].join("\n")),
    ...shells.flatMap((shell, at) => [
      shellFunction(`perform_${number}_${at + 1}`, shell.perform),
      shellFunction(`undo_${number}_${at + 1}`, shell.undo),
    ]),
  ].join("\n");
}

/** Text in quotes may run over lines, and indenting those would change it: only the first line is moved. */
function shellFunction(name: string, body: string): string {
  return body.includes("'") ? `${name}() {\n${body}\n}` : `${name}() {\n${indent(body)}\n}`;
}

function isRegeneration(step: Step): step is Regeneration {
  return step.kind === "regenerate";
}

/** What is made anew once, with the numbers of the groups that wait for it. */
function sharedRegenerations(groups: readonly StepGroup[]): readonly (readonly [Regenerated, readonly number[]])[] {
  const waiting = new Map<Regenerated, number[]>();
  for (const [at, group] of groups.entries()) {
    for (const step of group) {
      if (isRegeneration(step)) waiting.set(step.what, [...(waiting.get(step.what) ?? []), at + 1]);
    }
  }
  return [...waiting];
}
