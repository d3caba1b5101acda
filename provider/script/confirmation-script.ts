import { TRIAL_FOLDER } from "./trial-folder";

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
