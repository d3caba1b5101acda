/** One step as shell: what it assumes, what it does, and what takes it back. Each is one command or several lines. */
export interface StepShell {
  readonly expect: readonly string[];
  readonly perform: string;
  readonly undo: string;
}
