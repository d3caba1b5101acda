import { RUN_FOLDER, STATE_FOLDER } from "../claims/folders";
import type { Questions } from "../facts/answers";
import { hostFactsShell } from "../facts/host-facts";
import { quote } from "../shell";
import { PROLOGUE } from "./prologue";
import { TELL, TRIAL_FOLDER, UNTOLD } from "./trial-folder";
import { FACTS_SECONDS, WITHIN } from "./within";

/** The line by which an opening script says that it has printed the facts and waits for the rest. */
export const WAITING = "@apply waiting";

/** How long an opening script waits for the rest, in seconds. */
const WAIT_SECONDS = 120;

/** Whether a script waits for the lock, or does nothing where another run has it. */
export type Locking = "wait" | "if-free";

/** How long it waits, in seconds. */
const LOCK_SECONDS: Readonly<Record<Locking, number>> = { wait: 15 * 60, "if-free": 0 };

/**
 * The first part of every script that changes a host. It waits for the host's lock, prints the facts under it, and reads
 * the rest of the script from its standard input. Whatever judges the host judges it on these facts. The rest is run
 * only if it is whole, as `restOfScript` makes it. What the opening says itself:
 *
 *     @apply busy                 another run has the lock, for a quarter of an hour where that was awaited
 *     @apply going-down <who>     the host is about to reboot
 *     @apply facts-late           the host did not say in time what it has
 *     @apply waiting              the facts are complete
 *     @apply called-off           the rest did not arrive in time, or not whole: nothing was done
 *     @apply unable               it arrived, and there is no place for notes of what is done: nothing was done
 *     @apply begin                the rest is whole, and runs
 */
export function openingScript(runId: string, questions: Questions, locking: Locking): string {
  // The shell reads its script line by line: with the line that reads the rest, the script is over.
  return [
    PROLOGUE,
    hostFactsShell(questions),
    WITHIN,
    OPENING,
    `open_apply ${quote(runId)} ${LOCK_SECONDS[locking]} < /dev/null || exit`,
    `receive ${WAIT_SECONDS}; go_on "$rest"; exit`,
    "",
  ].join("\n");
}

/** The rest of the script of this run, marked so that a part of it is told from the whole. */
export function restOfScript(runId: string, shell: string): string {
  return `${beginOf(runId)}\n${shell.trim()}${endOf(runId)}\n`;
}

const beginOf = (runId: string) => `# begin of ${runId}`;
const endOf = (runId: string) => ` # end of ${runId}`;

/** Why an opening script ended before the rest began. */
export type OpeningFailure =
  | { readonly kind: "busy" }
  /** Who asked for the reboot, for people. */
  | { readonly kind: "going-down"; readonly askedBy: string }
  /** It did not say what it has within FACTS_SECONDS. */
  | { readonly kind: "facts-late" }
  /** It could not take the lock or keep its notes. */
  | { readonly kind: "unable" };

/** Reads what an opening script printed that did not get as far as `begin`. */
export function readOpeningFailure(printed: string): OpeningFailure {
  const [, event, rest = ""] = /^@apply (busy|going-down|facts-late)(?: (.*))?$/m.exec(printed) ?? [];
  if (event === "busy" || event === "facts-late") return { kind: event };
  return event === "going-down" ? { kind: "going-down", askedBy: rest } : { kind: "unable" };
}

/** Until when, in seconds of uptime, and in which boot the host is going down, and who asked for it. */
export const GOING_DOWN = `${RUN_FOLDER}/going-down`;

const OPENING = `
${TELL}
# Whether the host is about to reboot. Says who asked for it.
going_down() {
  [ -e ${GOING_DOWN} ] || return
  read -r until boot who < ${GOING_DOWN}
  read -r this_boot < /proc/sys/kernel/random/boot_id
  read -r uptime idle < /proc/uptime
  [ "$boot" = "$this_boot" ] && [ "\${uptime%%.*}" -lt "$until" ] || return
  printf '@apply going-down %s\\n' "$who"
}
# Folder of ours. There is no moment at which others can look into it.
make_folder() {
  umask 077
  [ -d "$1" ] || mkdir -p "$1"
  made=$?
  umask 022
  return "$made"
}
# Run id, how long to wait for the host's lock, in seconds.
begin() {
  run_id=$1
  trap '' HUP PIPE
  make_folder ${RUN_FOLDER} || return
  exec 9>> ${RUN_FOLDER}/lock
  waited=0
  until flock -n 9; do
    # 1: another has it. Anything else would not end either.
    [ $? = 1 ] || return
    waited=$((waited + 1))
    [ "$waited" -le "$2" ] || { echo '@apply busy'; return 1; }
    sleep 1
  done
  if going_down; then return 1; fi
  own=${RUN_FOLDER}
  [ ! -d ${STATE_FOLDER} ] || own="$own ${STATE_FOLDER}"
  # Claims and results are nobody else's to read, whoever has opened our folders since.
  find $own -name pulumi-pci-passthrough -type d ! -perm 700 -exec chmod 700 {} \\; -o \\
    -type f -name 'result-*' -mtime +1 -exec rm -f {} +
  result=${RUN_FOLDER}/result-$1
  log=${RUN_FOLDER}/log
  exec 8>&1
  LOCKED=yes
}
# As begin.
open_apply() {
  begin "$@" || return
  watch
  list_functions
  facts_in_time ${FACTS_SECONDS}
  if [ $? = 124 ]; then
    tell '@apply facts-late'
    return 1
  fi
  known_functions=$functions
  tell '${WAITING}'
}
# Seconds. rest: what comes on standard input until it ends, or until that time is over.
receive() {
  rest=$(
    exec 8>&- 9>&-
    read -r reader fields < /proc/self/stat
    {
      seconds=$1
      while [ "$seconds" -gt 0 ] && kill -0 "$reader"; do
        sleep 1
        seconds=$((seconds - 1))
      done
      kill "$reader"
    } > /dev/null 2>&1 &
    exec cat
  )
}
# The rest of the script. Nothing of it runs unless it is kept that it has begun.
go_on() {
  case $1 in
    "${beginOf("$run_id")}"*"${endOf("$run_id")}")
      make_folder ${STATE_FOLDER} && echo '@apply begin' >> "$result" || { tell '@apply unable'; return 1; }
      echo '@apply begin' 2> /dev/null
      eval "$1"
      ;;
    *)
      tell '@apply called-off'
      return 1
      ;;
  esac
}`.trim();

/**
 * A script that waits until the run with this id has ended, and prints the boot that the host is in and what that run
 * told.
 */
export function resultScript(runId: string): string {
  return `
${UNTOLD}
result=${RUN_FOLDER}/result-${quote(runId)}
echo "@boot $(cat /proc/sys/kernel/random/boot_id)"
[ -e "$result" ] || exit 0
exec 9>> ${RUN_FOLDER}/lock
until grep -q -s -e '^@apply end$' -e '^@apply called-off$' "$result" || flock -n 9; do sleep 1; done
cat "$result"
trial=${TRIAL_FOLDER}/${quote(runId)}
[ ! -e "$trial/over" ] || { untold; echo '@trial over'; }
exit 0
`.trimStart();
}
