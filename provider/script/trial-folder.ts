import { RUN_FOLDER } from "../claims/folders";

/**
 * The folder of trials; the trial of a run is in it under the run's id, which nobody else knows.
 *
 * What taking a step back needs is in it before the step begins; from then on there are renames alone, which need no
 * room on a disk that is full. `open` is the arbiter: whoever renames it decides, and one alone can.
 *
 *     begun.<step>                when the step begins
 *                 -> left.<step>  when it could not be undone; the network and the mounts count as steps
 *     running -> ended            whether the steps have ended
 *     open -> confirmed           by a confirmation
 *          -> expired             by the watcher, which takes the change back
 *          -> late                by the script, when the watcher did not
 *     watcher -> over             its process id; everything was taken back
 *     network, mounts             what the drivers take along
 *     facts                       read while the confirmation was awaited
 */
export const TRIAL_FOLDER = `${RUN_FOLDER}/trial`;

/** The shell functions by which an apply script says what became of it: `tell` alone is also part of every opening. */
export const TELL = `
# Line. Keeps it in the result file, and prints it.
tell() {
  printf '%s\\n' "$1" >> "$result"
  printf '%s\\n' "$1" 2> /dev/null
}`.trim();

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
