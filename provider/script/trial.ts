import { quote } from "../shell";
import type { Taken } from "../steps/step-type";
import { rewrittenBy, type Step } from "../steps/steps";
import { TRIAL_FOLDER, UNTOLD } from "./trial-folder";
import { TRIAL_WATCHER } from "./trial-watcher";

/** An apply that is taken back by the host itself unless it is confirmed over a new connection. */
export interface Trial {
  /** How long after its steps the host waits for the confirmation, counted by its uptime. */
  readonly confirmSeconds: number;
  /** The functions that the host loses at once: what their drivers take along is given back too. */
  readonly taken: readonly Taken["address"][];
}

/** How much longer than the watcher the script itself waits, should the watcher be dead. */
const WATCHER_LATE_SECONDS = 10;

const ARMING = `
# Sets "uptime", in seconds. No clock: that may be set meanwhile.
read_uptime() {
  read -r uptime idle < /proc/uptime
  uptime=\${uptime%%.*}
}
# Starts the watcher. Nothing may be done when this fails.
arm_trial() {
  leave_session || return
  { [ ! -e ${TRIAL_FOLDER} ] || rm -rf ${TRIAL_FOLDER}; } && mkdir ${TRIAL_FOLDER} "$trial" || return
  with_copies keep_copies || return
  read -r boot < /proc/sys/kernel/random/boot_id && echo "$boot" > "$trial/open" || return
  echo "$SSH_ROUTE" > "$trial/ssh" && true > "$trial/running" || return
  # sudo with use_pty ends all of its process group: the watcher gets a session of its own, unless busybox has no setsid.
  own_session=
  ! command -v setsid > /dev/null || own_session=setsid
  {
    printf 'run_id=%s script=%s has_timeout=%s own_session=%s\\n' "$run_id" "$$" "$has_timeout" "$own_session"
    printf '%s\\n' "$rest"
  } 2> /dev/null |
    $own_session /bin/sh -s -- "$SSH_ROUTE" > /dev/null 2>&1 8>&- &
  # While it starts.
  save_network $trial_taken > "$trial/network" && save_mounts $trial_taken > "$trial/mounts" || return
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
# What logind may kill with an ended session, also the root shell of sudo, leaves its cgroup.
leave_session() {
  in_session || return 0
  # Where the hierarchy of systemd begins: of version 2, 1, and 2 beside 1.
  for procs in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/systemd/cgroup.procs /sys/fs/cgroup/unified/cgroup.procs; do
    [ ! -e "$procs" ] || echo "$$" > "$procs"
  done
  in_session || return 0
  user=$(of_logind Name "$session")
  case $(fate_of_leftovers) in
    spared) return ;;
    killed) echo "Its watcher would end with this session, whose cgroup cannot be left: logind kills what $user leaves running at logout. Set KillUserProcesses=no in logind.conf, or add $user to KillExcludeUsers there, and run \\"systemctl restart systemd-logind\\"" ;;
    *) echo 'Its watcher may end with this session, whose cgroup cannot be left: logind does not say whether it kills what is left running at logout. See why "loginctl show-session" fails' ;;
  esac
  return 1
}
# What becomes of what "user" leaves running at logout (systemd 252, src/login/logind-core.c, manager_shall_kill()).
# Prints nothing where logind does not say.
fate_of_leftovers() {
  kills=$(of_logind KillUserProcesses)
  [ -n "$user" ] && [ -n "$kills" ] || return
  excluded=$(of_logind KillExcludeUsers)
  only=$(of_logind KillOnlyUsers)
  case " \${excluded:-root} / $only / $kills" in
    *" $user "*/*/*) echo spared ;;
    */*" $user "*/*) echo killed ;;
    *"/  / yes") echo killed ;;
    *) echo spared ;;
  esac
}
# Property of logind or, if one is named, of a session.
of_logind() {
  limited 20 loginctl show-session -p "$@" | sed 's/^[^=]*=//'
}
# Sets "session". Of what systemd has in its own hierarchy: the others may go on to name the session.
in_session() {
  [ -r /proc/self/cgroup ] || return
  while read -r line; do
    case $line in
      0::*/session-*.scope | *:name=systemd:*/session-*.scope)
        session=\${line##*/session-}
        session=\${session%.scope}
        return 0
        ;;
    esac
  done < /proc/self/cgroup
  return 1
}
# Whether this shell is the one that arm_trial starts.
is_watcher() {
  [ -n "\${script:-}" ]
}`;

const ENDING = `
# Prints what was read while the confirmation was awaited. Fails without it.
facts_of_trial() {
  [ -e "$trial/confirmed" ] && [ -e "$trial/facts" ] && cat "$trial/facts"
}
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
  # Where nothing is left to do then, the host may say meanwhile what it has; it is done before it is too late.
  [ -n "$run_record" ] || facts_in_time $((confirm_seconds / 2)) > "$trial/facts" || rm -f "$trial/facts"
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

/**
 * Shell functions of a trial. They need `confirm_seconds`, `trial_steps` (group.step, the last first), `trial_taken` (PCI
 * functions), `run_record`, the record of the run or nothing, `with_copies`, which calls a function with the files whose
 * old text an undo writes, and `rest`, the text of the script.
 */
export const TRIAL_FUNCTIONS = [ARMING, TRIAL_WATCHER, UNTOLD, ENDING].join("\n");

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
