import { toBytes } from "../bytes";
import { STATE_FOLDER } from "../claims/folders";
import { formatRunRecord, type Regenerated, type Regeneration, runRecordPath } from "../claims/run-record";
import { indent } from "../facts/answers";
import { quote } from "../shell";
import { bootTrialSettings } from "../steps/boot-trial";
import { originalPath } from "../steps/file";
import { MOUNT_PLACE_FUNCTIONS } from "../steps/mount-place";
import { NETWORK_PLACE_FUNCTIONS } from "../steps/network-place";
import { REGENERATION_FUNCTIONS, REGENERATIONS, regenerationSettings } from "../steps/regeneration";
import { MADE_FOLDERS } from "../steps/shared-functions";
import { STEP_FUNCTIONS, type Step, stepShell } from "../steps/steps";
import { VIRSH_FILES } from "../steps/virsh";
import { forgottenBy, recordOf } from "./apply-record";
import { restOfScript } from "./opening-script";
import { functionsCalledBy } from "./shell-functions";
import { TRIAL_FOLDER, TRIAL_FUNCTIONS, type Trial, trialSettings, WATCHER_LIBRARY } from "./trial";

/** Steps that succeed or are undone together: the plan of one resource. */
export interface ApplyGroup {
  /** For people who read the script: `nic: make 0000:01:00.0 assignable`. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** What is rebuilt after the steps of all groups. */
  readonly regenerate: readonly Regeneration[];
}

/**
 * The rest of a script after its opening: applies groups of steps under the lock that the opening holds, prints the
 * facts and frees the lock. `readApplyResult` reads what it prints, which is also kept in a file, for `resultScript`:
 *
 *     @group 1 done
 *     @group 2 stale              the assumptions of the plan no longer hold: nothing was done
 *     @group 3 failed 2           step 2 failed, what it printed follows, and the group was undone
 *     @group 3 not-undone 1       the undo of step 1 failed as well
 *     @group 4 unknown 2          step 2 had not ended in time and may still do what it should: nothing was undone
 *     @confirm 60                 a trial waits for its confirmation
 *     @trial expired              nobody confirmed it
 *     @group 1 unconfirmed        so the group is undone
 *     @trial over                 everything was undone
 *     |what a command printed
 *     @progress dracut: 20 s so far; …   for the user, during long operations; not in the result file
 *     @apply end
 */
export function applyScript(runId: string, groups: readonly ApplyGroup[], trial: Trial | undefined): string {
  const shared = sharedRegenerations(groups);
  const groupShells = groups.map(({ steps }, index) => groupShell(index + 1, steps));
  const record = recordOf(groups);
  const recordPath = runRecordPath(runId);
  const forget = record && `forget_run ${quote(recordPath)} ${groups.length}`;
  const run = [
    "run_all() {",
    ...(trial ? [`  begin_trial ${groups.length} || { ${forget ?? ":"}; return; }`] : []),
    ...groups.map(({ steps }, index) => `  run_group ${index + 1} ${steps.length}`),
    // Before anything is rebuilt: that may take half an hour, and nobody is to be locked out for so long.
    ...(trial ? [`  await_confirmation || { ${groups.map((_, index) => `done_${index + 1}=;`).join(" ")} }`] : []),
    ...(shared.length > 0 ? [indent(regenerationSettings(groups.flatMap(({ regenerate }) => regenerate)))] : []),
    ...shared.map(([what, waiting]) => `  run_shared ${REGENERATIONS[what].shellFunction} ${waiting.join(" ")}`),
    ...groups.flatMap((group, index) => forgetCopies(index + 1, group)),
    // What programs rebuilt is on disk before nothing tells of it any more.
    ...(forget ? [`  [ -n "$owed" ] || ${shared.length > 0 ? "! sync || " : ""}${forget}`] : []),
    "}",
  ].join("\n");
  const note = record && `note_run ${quote(recordPath)} ${quote(formatRunRecord(record))} ${groups.length} && `;
  const apply = [
    "apply() {",
    "  owed=",
    "  rebuilt=",
    "  trial= taking_back=",
    `  ${note ?? ""}run_all`,
    ...(trial ? ["  with_copies drop_copies"] : []),
    "  clear_up",
    "  tell '@apply end'",
    ...(trial ? ["  end_trial"] : []),
    // Without them the provider asks once more.
    "  facts_in_time",
    '  { kill "$watcher" && wait "$watcher"; } 2> /dev/null',
    // A write that the kernel holds up would keep it.
    "  flock -u 9",
    "}",
  ].join("\n");
  const start = trial ? "if is_watcher; then watch_trial; else apply; fi < /dev/null" : "apply < /dev/null";
  const calls = [...groupShells, run, apply, start].join("\n");
  const library = [
    RUNNER,
    TRIAL_FUNCTIONS,
    NETWORK_PLACE_FUNCTIONS,
    MOUNT_PLACE_FUNCTIONS,
    REGENERATION_FUNCTIONS,
    STEP_FUNCTIONS,
  ].join("\n");
  const settings = trial
    ? [
        WATCHER_LIBRARY,
        trialSettings(
          trial,
          groups.map(({ steps }) => steps),
          record && recordPath,
        ),
      ]
    : [];
  const bootTrial = groups.flatMap(({ regenerate }) => regenerate).find(({ what }) => what === "boot-trial");
  if (bootTrial?.what === "boot-trial") settings.push(bootTrialSettings(bootTrial));
  const holds = groups.flatMap(({ steps }, index) =>
    steps.some(({ kind }) => kind === "hold-boot") ? [index + 1] : [],
  );
  if (holds.length > 0) settings.push(`hold_groups='${holds.join(" ")}'`);
  const titled = groupShells.flatMap((shell, index) => [titleOf(groups[index]?.title ?? ""), shell]);
  return restOfScript(runId, [...settings, functionsCalledBy(calls, library), ...titled, run, apply, start].join("\n"));
}

/**
 * What is cleared up in our own folders: parts of files that a run was cut off in, what it wrote for virsh, which folders
 * it made, and folders that are empty now. One program for each: where one of the paths is missing, the find of busybox
 * (seen: 1.35.0) does not run what "+" has gathered.
 */
const LEFT = [
  "-name .pci-passthrough-new -exec rm -f {} \\;",
  "-name '.*.pci-passthrough-old' -exec rm -f {} \\;",
  "-name 'virsh.xml*' -exec rm -f {} \\;",
  "-name made-folders -exec rm -f {} \\;",
  "-type d -exec rmdir {} \\;",
];

/** What no step needs, however slow the host: the limits of the programs in it come first. */
const STEP_SECONDS = 15 * 60;

const RUNNER = `
clear_up() {
  find ${STATE_FOLDER} ${[...VIRSH_FILES, MADE_FOLDERS].join(" ")} -depth '(' ${LEFT.join(" -o ")} ')' 2> /dev/null
}
# A part of a line, too, is told as a line of its own.
tell_log() {
  awk '{ print "|" $0 }' "$log" >> "$result"
  awk '{ print "|" $0 }' "$log" 2> /dev/null
}
# File, the record of this run, how many groups there are. Nothing is done unless the record is on disk.
note_run() {
  put_text "$1" "$2" > "$log" 2>&1 && return
  tell_all "$3" "failed note_run"
  # It has its name already where only its folder could not be synced.
  [ ! -e "$1" ] || rm -f "$1"
  { [ ! -e "$1" ] && [ ! -e "\${1%/*}/.pci-passthrough-new" ]; } || tell_all "$3" "not-undone note_run"
  return 1
}
# File, the record of this run, how many groups there are.
forget_run() {
  # Without room for the log, too.
  rm -f "$1" > "$log" 2>&1 || rm -f "$1" || tell_all "$2" "not-undone note_run"
}
# How many groups there are, what became of them.
tell_all() {
  group=1
  while [ "$group" -le "$1" ]; do
    tell "@group $group $2"
    tell_log
    group=$((group + 1))
  done
}
# How many groups there are. Nothing is done unless it can be taken back.
begin_trial() {
  trial=${TRIAL_FOLDER}/$run_id
  arm_trial > "$log" 2>&1 && return
  [ ! -e "$trial/open" ] || mv -f "$trial/open" "$trial/confirmed"
  tell_all "$1" "failed arm_trial"
  return 1
}
# Group, how many steps it has.
run_group() {
  : > "$log"
  if ! within ${STEP_SECONDS} "expect_group_$1"; then
    tell "@group $1 stale"
    tell_log
    return
  fi
  step=1
  while [ "$step" -le "$2" ]; do
    : > "$log"
    if [ -n "$trial" ] && ! mv -f "$trial/todo.$1.$step" "$trial/begun.$1.$step" 2> "$log"; then
      tell "@group $1 failed $step"
      tell_log
      undo_group "$1" "$((step - 1))"
      return
    fi
    within ${STEP_SECONDS} "perform_$1_$step"
    outcome=$?
    if [ "$outcome" = 124 ]; then
      owed=yes
      tell "@group $1 unknown $step"
      tell_log
      return
    elif [ "$outcome" != 0 ]; then
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
# Group, the step to begin with: undoes from there back to the first. left: whether something could not be undone.
undo_group() {
  eval "done_$1="
  undo=$2
  left=
  while [ "$undo" -ge 1 ]; do
    undo_step "$1" "$undo"
    undo=$((undo - 1))
  done
  [ -z "$trial" ] || rm -f "$trial/begun.$1".*
}
# Group, step.
undo_step() {
  : > "$log"
  within ${STEP_SECONDS} "undo_$1_$2" && return
  left=yes
  owed=yes
  tell "@group $1 not-undone $2"
  tell_log
  return 1
}
# The function that rebuilds something, the groups that need it.
run_shared() {
  make=$1
  shift
  waiting=
  for group in "$@"; do
    eval "steps=\\\${done_$group:-}"
    [ -z "$steps" ] || waiting="$group $waiting"
  done
  [ -n "$waiting" ] || return 0
  rebuild && return
  for group in $waiting; do
    tell "@group $group failed $make"
    tell_log
  done
  for group in $waiting; do
    eval "undo_group $group \\\${done_$group}"
  done
  # What was replaced before the failure is rebuilt from the restored sources.
  set -- $rebuilt
  rebuilt=
  for make in "$@"; do
    rebuild && continue
    owed=yes
    for group in $waiting; do
      tell "@group $group not-undone $make"
      tell_log
    done
  done
}
# Calls the function $make. rebuilt: the functions that have replaced something.
rebuild() {
  "$make" > "$log" 2>&1
  outcome=$?
  [ -z "$remade" ] || rebuilt="$rebuilt $make"
  return "$outcome"
}`;

/** A comment of one line, whatever characters the resource's name has. */
function titleOf(title: string): string {
  return `# ${toBytes(title).replaceAll(/[^ -~\x80-\xff]/g, "?")}`;
}

function groupShell(number: number, steps: readonly Step[]): string {
  const shells = steps.map(stepShell);
  const assumptions = shells.flatMap((shell) => shell.assumes);
  return [
    shellFunction(
      `expect_group_${number}`,
      [...assumptions.map((assumption) => `${assumption} || return`), ":"].join("\n"),
    ),
    ...shells.flatMap((shell, index) => [
      shellFunction(`perform_${number}_${index + 1}`, shell.perform),
      shellFunction(`undo_${number}_${index + 1}`, shell.undo),
    ]),
  ].join("\n");
}

/**
 * Copies of original texts that a group which succeeded has no use for any more. Where one cannot be removed, the record
 * of the run stays, so that the next run does it.
 */
function forgetCopies(number: number, { steps }: ApplyGroup): readonly string[] {
  const copies = steps.flatMap(forgottenBy).map((path) => quote(originalPath(path)));
  return copies.length > 0 ? [`  [ -z "\${done_${number}:-}" ] || rm -f ${copies.join(" ")} || owed=yes`] : [];
}

/** A body with quoted text is not indented, because the text may span lines and would change. */
function shellFunction(name: string, body: string): string {
  return body.includes("'") ? `${name}() {\n${body}\n}` : `${name}() {\n${indent(body)}\n}`;
}

/** What is rebuilt, each with the numbers of the groups that need it. */
function sharedRegenerations(groups: readonly ApplyGroup[]): readonly (readonly [Regenerated, readonly number[]])[] {
  const waiting = new Map<Regenerated, number[]>();
  for (const [index, { regenerate }] of groups.entries()) {
    for (const { what } of regenerate) waiting.set(what, [...(waiting.get(what) ?? []), index + 1]);
  }
  const order = Object.keys(REGENERATIONS);
  return [...waiting].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}
