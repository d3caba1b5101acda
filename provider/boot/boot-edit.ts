/** The new text of something that a host boots from, or why it cannot be edited and what to do about it. */
export type BootEdit =
  | { readonly kind: "edited"; readonly text: string }
  | { readonly kind: "error"; readonly reason: string };

/** A change of one kernel command line, wherever it is kept. */
export type CommandLineEdit = (commandLine: string) => BootEdit;

/** A text that was edited, or is as it should be. */
export function edited(text: string): BootEdit {
  return { kind: "edited", text };
}

/** A refusal. `reason` goes on from the name of the file: what is wrong, and what to do. */
export function editError(reason: string): BootEdit {
  return { kind: "error", reason };
}
