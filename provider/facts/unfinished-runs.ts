import { RUN_FOLDER } from "../claims/folders";
import { parseRunRecord, RUN_RECORD_FILES, type RunRecord } from "../claims/run-record";
import type { Fact } from "./answers";
import { readTextFiles } from "./text-files";

/** A run that was cut off, with what it owes. */
export interface UnfinishedRun {
  readonly path: string;
  readonly text: string;
  readonly record: RunRecord;
}

/**
 * The runs that were cut off before they had rebuilt the boot files, or cleared up. While another run holds the lock there
 * are none: its record is that of a run that goes on. `LOCKED`: whether this script is the one that holds it.
 */
export const unfinishedRunsFact: Fact<readonly UnfinishedRun[]> = {
  name: "unfinished_runs",
  about: ["claims"],
  ask: `
set -- ${RUN_RECORD_FILES}
[ -e "$1" ] || return 0
[ -n "$LOCKED" ] || [ ! -e ${RUN_FOLDER}/lock ] || flock -s -n ${RUN_FOLDER}/lock true || return 0
print_files "$@"`,
  parse: (answer) =>
    readTextFiles(answer.text).flatMap(({ path, text }) => {
      const record = parseRunRecord(text);
      return record ? [{ path, text, record }] : [];
    }),
};
