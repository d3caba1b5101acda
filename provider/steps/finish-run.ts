import type { UnfinishedRun } from "../facts/unfinished-runs";
import type { StepType } from "./step-type";
import { expectText, putBack, putText } from "./text-shell";

/**
 * What an earlier run owes becomes this run's to do, so the earlier one's record goes. From before that step until the end
 * it stands in this run's record as well.
 */
export interface FinishRun {
  readonly kind: "finish-run";
  readonly run: UnfinishedRun;
  /** Those of the files in its `forget` in which no claim has an entry. */
  readonly forget: readonly string[];
}

/** Removes the record of an earlier run; assumes that it is still there. */
export const finishRun: StepType<FinishRun> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["claims"],
  rewrites: ({ run }) => [run.path],
  after: (facts, { run }) => ({
    ...facts,
    unfinishedRuns: facts.unfinishedRuns.filter(({ path }) => path !== run.path),
  }),
  assumes: ({ run }) => [expectText(run.path, run.text)],
  perform: ({ run }) => putText(run.path, undefined),
  undo: ({ run }) => putBack(run.path, run.text),
  functions: "",
  describe: () => "finish what an earlier run left undone",
};
