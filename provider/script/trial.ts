import { RUN_FOLDER } from "../claims/folders";
import { quote } from "../shell";
import type { Taken } from "../steps/step-type";
import { rewrittenBy, type Step } from "../steps/steps";
import { TIME_LIMIT } from "./time-limit";
import { WITHIN } from "./within";

/** An apply that is taken back by the host itself unless it is confirmed over a new connection. */
export interface Trial {
  /** How long after its steps the host waits for the confirmation, counted by its uptime. */
  readonly confirmSeconds: number;
  /** The functions that the host loses at once: what their drivers take along is given back too. */
  readonly taken: readonly Taken["address"][];
}

/** The folder of trials; the trial of a run is in it under the run's id, which nobody else knows. */
export const TRIAL_FOLDER = `${RUN_FOLDER}/trial`;

/** The shell functions by which an apply script says what became of it: `tell` alone is also part of every opening. */
export const TELL = `
# Line. Keeps it in the result file, and prints it.
tell() {
  printf '%s\\n' "$1" >> "$result"
  printf '%s\\n' "$1" 2> /dev/null
}`.trim();

/**
 * What the watcher of a trial needs beside the steps. It is a shell of its own that reads the same script: it outlives
 * the connection, the session and the script that started it, and holds the lock as long as the trial lasts.
 */
export const WATCHER_LIBRARY = `${TIME_LIMIT}\n${TELL}\n${WITHIN}`;

/** How long the network and the mounts each have to come back, in seconds. */
const GIVE_BACK_SECONDS = 180;

/** How much longer than the watcher the script itself waits, should the watcher be dead. */
const WATCHER_LATE_SECONDS = 10;

/** What a full disk kept out of the result of a trial that is over is told by the names in its folder. */
export const UNTOLD = `
# Prints the lines that the result lacks.
untold() {
  for name in "$trial"/begun.* "$trial"/left.*; do
    step=\${name#"$trial"/*.}
    [ ! -e "$name" ] || print_untold "@group \${step%%.*} unconfirmed"
  done
  for name in "$trial"/left.*; do
    step=\${name#"$trial"/*.}
    [ ! -e "$name" ] || print_untold "@group \${step%%.*} not-undone \${step#*.}"
  done
}
print_untold() {
  grep -qxF "$1" "$result" || echo "$1"
}`.trim();

/**
 * Shell functions of a trial. They need `confirm_seconds`, `trial_steps` (group.step, the last first), `trial_taken` (PCI
 * functions), `run_record`, the record of the run or nothing, `with_copies`, which calls a function with the files whose
 * old text an undo writes, and `rest`, the text of the script.
 *
 * Everything that a trial writes is in its folder before the first step; later there are renames alone, which need no
 * room on a disk that is full. `open` is the arbiter: whoever renames it decides, and one alone can.
 *
 *     todo.<step> -> begun.<step> when the step begins
 *                 -> left.<step>  when it could not be undone; the network and the mounts count as steps
 *     running -> ended            whether the steps have ended
 *     open -> confirmed           by a confirmation
 *          -> expired             by the watcher, which takes the change back
 *          -> late                by the script, when the watcher did not
 *     watcher -> over             its process id; everything was taken back
 *     network, mounts             what the drivers take along
 */
export const TRIAL_FUNCTIONS = `
# Sets "uptime", in seconds. No clock: that may be set meanwhile.
read_uptime() {
  read -r uptime idle < /proc/uptime
  uptime=\${uptime%%.*}
}
# Starts the watcher. Nothing may be done when this fails.
arm_trial() {
  leave_session
  rm -rf ${TRIAL_FOLDER} && mkdir ${TRIAL_FOLDER} "$trial" || return
  # Not ":", which is a special built-in: where it cannot redirect, dash ends.
  for step in $trial_steps; do
    true > "$trial/todo.$step" || return
  done
  with_copies keep_copies || return
  save_network $trial_taken > "$trial/network" && save_mounts $trial_taken > "$trial/mounts" || return
  read -r boot < /proc/sys/kernel/random/boot_id && echo "$boot" > "$trial/open" || return
  echo "$SSH_ROUTE" > "$trial/ssh" && true > "$trial/running" || return
  # sudo with use_pty ends all of its process group: the watcher gets a session of its own, unless busybox has no setsid.
  own_session=$(command -v setsid)
  { printf 'run_id=%s script=%s\\n' "$run_id" "$$"; printf '%s\\n' "$rest"; } 2> /dev/null |
    $own_session /bin/sh -s -- "$SSH_ROUTE" > /dev/null 2>&1 8>&- &
  waited=0
  until [ -s "$trial/watcher" ]; do
    waited=$((waited + 1))
    [ "$waited" -le 30 ] || { echo 'no watcher began within 30 s'; return 1; }
    sleep 0.1 2> /dev/null || sleep 1
  done
  read -r trial_watcher < "$trial/watcher"
}
# Files. Copies of them, beside them.
keep_copies() {
  for file in "$@"; do
    copy_of "$file"
    # What a link leads to is written in its place.
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    { [ ! -e "$copy" ] || rm -f "$copy"; } && cp -a "$file" "$copy" || return
  done
}
drop_copies() {
  for file in "$@"; do
    copy_of "$file"
    [ -e "$copy" ] || continue
    rm -f "$copy"
    # The step that removed our last file in it could not remove it.
    case \${file%/*} in *pulumi-pci-passthrough) rmdir "\${file%/*}" 2> /dev/null ;; esac
  done
}
# logind with KillUserProcesses=yes kills what an ended session leaves, also the root shell of sudo: so out of its cgroup.
leave_session() {
  in_session || return 0
  if limited 10 busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \\
    StartTransientUnit 'ssa(sv)a(sa(sv))' "pulumi-pci-passthrough-$$.scope" fail 1 PIDs au 1 "$$" 0 > /dev/null 2>&1
  then
    # systemd moves the process after it has answered.
    waited=0
    while in_session && [ "$waited" -lt 30 ]; do
      waited=$((waited + 1))
      sleep 0.1 2> /dev/null || sleep 1
    done
  fi
  in_session || return 0
  # Without busctl (systemd before 221) or D-Bus.
  for procs in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/systemd/cgroup.procs; do
    [ ! -e "$procs" ] || echo "$$" > "$procs"
  done
}
in_session() {
  [ -r /proc/self/cgroup ] || return
  while read -r line; do
    case \${line##*/} in session-*.scope) return 0 ;; esac
  done < /proc/self/cgroup
  return 1
}
# Whether this shell is the one that arm_trial starts.
is_watcher() {
  [ -n "\${script:-}" ]
}
# The watcher. TERM ends it: a host that goes down.
watch_trial() {
  trap '' HUP INT QUIT PIPE
  cd /
  trial=${TRIAL_FOLDER}/$run_id
  result=${RUN_FOLDER}/result-$run_id
  log=${RUN_FOLDER}/log
  watcher= owed=
  { echo -1000 > /proc/self/oom_score_adj || echo -17 > /proc/self/oom_adj; } 2> /dev/null
  echo "$$" > "$trial/watcher"
  limit=
  while [ -e "$trial/open" ]; do
    read_uptime
    [ -n "$limit" ] || [ -e "$trial/running" ] || limit=$((uptime + confirm_seconds))
    if [ -n "$limit" ] && [ "$uptime" -ge "$limit" ] || { [ -z "$limit" ] && ! kill -0 "$script"; }; then
      # Where nothing can be renamed the change is taken back, too.
      mv -f "$trial/open" "$trial/expired" || [ -e "$trial/open" ] || return 0
      [ ! -e "$trial/running" ] || end_step
      take_back
      return
    fi
    # A disk that is gone takes its programs along: time passes all the same.
    sleep 1 || [ -e "$trial/open" ]
  done
  # The script takes it back, and may be killed meanwhile.
  while [ -e "$trial/late" ] && [ ! -e "$trial/over" ]; do
    kill -0 "$script" || { end_step; take_back; return; }
    sleep 1
  done
}
# Of a script that was killed: ends what it was doing, with all children, so that no step comes after its undo.
end_step() {
  read -r waiting worker seconds < ${RUN_FOLDER}/watched
  [ -n "$worker" ] || return 0
  end_with_children "$worker"
  # What waits in the kernel heeds no signal.
  waited=0
  for pid in $doomed; do
    while kill -0 "$pid" && [ "$waited" -lt 30 ]; do
      waited=$((waited + 1))
      sleep 1
    done
  done
}
# Undoes what has begun, the last first.
take_back() {
  taking_back=yes
  tell '@trial expired'
  network=$(cat "$trial/network" "$trial"/left.*.network 2> /dev/null)
  mounts=$(cat "$trial/mounts" "$trial"/left.*.mounts 2> /dev/null)
  [ -n "$watcher" ] || watch
  undone=
  for step in $trial_steps; do
    [ -e "$trial/begun.$step" ] || [ -e "$trial/left.$step" ] || continue
    [ "$undone" = "\${step%.*}" ] || { undone=\${step%.*} left=; eval "done_$undone="; tell "@group $undone unconfirmed"; }
    if undo_step "$undone" "\${step#*.}"; then
      [ ! -e "$trial/left.$step" ] || mv -f "$trial/left.$step" "$trial/begun.$step"
    else
      [ ! -e "$trial/begun.$step" ] || mv -f "$trial/begun.$step" "$trial/left.$step"
    fi
  done
  give_back restore_network "$network" network
  give_back restore_mounts "$mounts" mounts
  # The script may be dead.
  [ -n "$owed" ] || [ -z "$run_record" ] || rm -f "$run_record"
  with_copies drop_copies
  clear_up
  tell '@trial over'
  mv -f "$trial/watcher" "$trial/over"
}
# Function, what was saved, what that is.
give_back() {
  [ -n "$2" ] || return 0
  : > "$log"
  within ${GIVE_BACK_SECONDS} "$1" "$2" && return
  tell "@group $undone not-undone $3"
  tell_log
  [ ! -e "$trial/$3" ] || mv -f "$trial/$3" "$trial/left.$undone.$3"
}
${UNTOLD}
# What a full disk kept out of the result stays for whoever asks for it.
end_trial() {
  [ -e "$trial/over" ] && ! grep -q '^@apply end$' "$result" || rm -rf ${TRIAL_FOLDER}
}
# Waits until what has begun is confirmed, and fails when it was taken back. The watcher may be dead, or die in the middle.
await_confirmation() {
  begun=
  for step in $trial_steps; do
    [ ! -e "$trial/begun.$step" ] || begun=yes
  done
  [ -n "$begun" ] || { mv -f "$trial/open" "$trial/confirmed"; return; }
  mv -f "$trial/running" "$trial/ended"
  printf '@confirm %s\n' "$confirm_seconds" >&8 2> /dev/null
  read_uptime
  limit=$((uptime + confirm_seconds + ${WATCHER_LATE_SECONDS}))
  looks=0
  while [ -e "$trial/open" ]; do
    read_uptime
    [ "$uptime" -lt "$limit" ] || { mv -f "$trial/open" "$trial/late"; break; }
    # A host that takes seconds for a login is slow to start programs as well.
    looks=$((looks + 1))
    { [ "$looks" -le 5 ] && sleep 0.2 2> /dev/null; } || sleep 1
  done
  [ ! -e "$trial/confirmed" ] || return 0
  while [ -e "$trial/expired" ] && [ ! -e "$trial/over" ] && kill -0 "$trial_watcher" 2> /dev/null; do
    sleep 1
  done
  if [ -e "$trial/over" ]; then
    sed -n '/^@trial expired$/,$p' "$result"
    untold
  else
    take_back
  fi
  for step in "$trial"/left.*.[0-9]*; do
    [ ! -e "$step" ] || owed=yes
  done
  return 1
}`;

/** The settings of a trial of groups with these steps. */
export function trialSettings(
  { confirmSeconds, taken }: Trial,
  groups: readonly (readonly Step[])[],
  runRecord: string | undefined,
): string {
  const steps = groups.flatMap((steps, group) => steps.map((_, step) => `${group + 1}.${step + 1}`));
  const rewritten = [...new Set(groups.flat().flatMap((step) => rewrittenBy(step)))];
  return [
    `confirm_seconds=${confirmSeconds}`,
    `trial_steps='${steps.reverse().join(" ")}'`,
    `trial_taken='${taken.join(" ")}'`,
    `run_record=${quote(runRecord ?? "")}`,
    `with_copies() {\n"$1"${rewritten.map((path) => ` ${quote(path)}`).join("")}\n}`,
  ].join("\n");
}

/** The line by which a script asks for its confirmation: `@confirm 60`. Gives the seconds; undefined for another line. */
export function readConfirmRequest(line: string): number | undefined {
  const seconds = /^@confirm (\d+)$/.exec(line)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/**
 * A script that confirms the trial of a run. It has to come over another connection than the one that made the change:
 * that one may live on where no new one would be let in. `readConfirmation` reads what it prints.
 */
export function confirmScript(runId: string): string {
  return `
trial=${TRIAL_FOLDER}/${runId}
confirm() {
  read -r boot < "$trial/open" && read -r route < "$trial/ssh" || { echo over; return; }
  read -r this_boot < /proc/sys/kernel/random/boot_id
  if [ "$boot" != "$this_boot" ]; then echo over
  elif [ -n "$route" ] && [ "$route" = "$1" ]; then echo same-connection
  elif [ -e "$trial/running" ]; then echo too-early
  elif mv -f "$trial/open" "$trial/confirmed"; then echo confirmed
  else echo over
  fi
}
echo "@confirmation $(confirm "$1" 2> /dev/null)"
`.trimStart();
}

/**
 * What became of a confirmation. `over`: there is no such trial any more, or it was decided already. `too-early`: steps
 * are still running.
 */
export type Confirmation = "confirmed" | "over" | "too-early" | "same-connection";

/** Reads what `confirmScript` printed; undefined when it is something else. */
export function readConfirmation(printed: string): Confirmation | undefined {
  const word = /^@confirmation (confirmed|over|too-early|same-connection)$/m.exec(printed)?.[1];
  return word as Confirmation | undefined;
}
