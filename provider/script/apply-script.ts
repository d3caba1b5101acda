import { toBytes } from "../bytes";
import { formatRunRecord, type Regenerated, type Regeneration, runRecordPath } from "../claims/run-record";
import { indent } from "../facts/answers";
import { askAgainAbout } from "../facts/host-facts";
import { quote } from "../shell";
import { bootTrialSettings } from "../steps/boot-trial";
import { originalPath } from "../steps/file";
import { MOUNT_PLACE_FUNCTIONS } from "../steps/mount-place";
import { NETWORK_PLACE_FUNCTIONS } from "../steps/network-place";
import { REGENERATION_FUNCTIONS, REGENERATIONS, regenerationSettings } from "../steps/regeneration";
import { STEP_FUNCTIONS, type Step, stepShell } from "../steps/steps";
import { forgottenBy, recordOf } from "./apply-record";
import { APPLY_RUNNER } from "./apply-runner";
import { subjectsOf } from "./changed-subjects";
import { restOfScript } from "./opening-script";
import { functionsCalledBy } from "./shell-functions";
import { TRIAL_FUNCTIONS, type Trial, trialSettings } from "./trial";
import { WATCHER_LIBRARY } from "./trial-watcher";
import { FACTS_SECONDS } from "./within";

const LIBRARY = [
  APPLY_RUNNER,
  TRIAL_FUNCTIONS,
  NETWORK_PLACE_FUNCTIONS,
  MOUNT_PLACE_FUNCTIONS,
  REGENERATION_FUNCTIONS,
  STEP_FUNCTIONS,
].join("\n");

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
 * facts that they change and frees the lock. `readApplyResult` reads what it prints, which is also kept in a file, for `resultScript`:
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
    `  ${askAgainAbout(subjectsOf(groups))}`,
    `  ${note ?? ""}run_all`,
    ...(trial ? ["  with_copies drop_copies"] : []),
    "  clear_up",
    "  tell '@apply end'",
    // Without them the provider asks once more.
    `  ${trial ? "facts_of_trial || " : ""}facts_in_time ${FACTS_SECONDS}`,
    ...(trial ? ["  end_trial"] : []),
    '  { kill "$watcher" && wait "$watcher"; } 2> /dev/null',
    // A write that the kernel holds up would keep it.
    "  flock -u 9",
    "}",
  ].join("\n");
  const start = trial ? "if is_watcher; then watch_trial; else apply; fi < /dev/null" : "apply < /dev/null";
  const calls = [...groupShells, run, apply, start].join("\n");
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
  return restOfScript(runId, [...settings, functionsCalledBy(calls, LIBRARY), ...titled, run, apply, start].join("\n"));
}

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
