import { STATE_FOLDER } from "../claims/folders";
import { withFile } from "../facts/files";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import type { StepType } from "./step-type";
import { expectText, putText, textShell } from "./text-shell";

/** A file gets a new text. Undefined text means that there is no such file. */
export interface FileEdit {
  readonly kind: "edit-file";
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The functions that the host loses at its next boot because of this edit. */
  readonly hides: readonly PciAddress[];
  /**
   * The copy of the original text: kept with our first edit, left alone by edits in between, and with our last entry
   * removed at the end of an apply that succeeded.
   */
  readonly original: "keep" | "forget" | "leave";
  /** Whether a file that is new, or gone, is executable. */
  readonly executable?: boolean;
}

/** Replaces the whole text of a file; assumes that it still has the text `before`. */
export const editFile: StepType<FileEdit> = {
  takes: ({ hides }) => hides.map((address) => ({ address, when: "next-boot", to: undefined })),
  moves: () => [],
  gives: () => [],
  changes: ["files"],
  rewrites: ({ path, before }) => (before === undefined ? [] : [path]),
  after: (facts, { path, after }) => ({ ...facts, files: withFile(facts.files, path, after) }),
  assumes: ({ path, before, after }) => [textShell(path, before, after).assumes],
  perform(step) {
    const { path, before, after } = step;
    const copy = quote(originalPath(path));
    const lines = [
      // Several plans of one apply may each believe that theirs is the first edit.
      ...(step.original === "keep" && before !== undefined
        ? [`[ -e ${copy} ] || ${putText(originalPath(path), before)}`]
        : []),
      textShell(path, before, after, modeOf(step)).perform,
      ...(after === undefined ? dropFolder(path) : []),
    ];
    return lines.join(" || return\n");
  },
  undo(step) {
    const { path, before, after, original } = step;
    const copy = originalPath(path);
    const lines = [
      textShell(path, before, after, modeOf(step)).undo,
      ...(before === undefined ? dropFolder(path) : []),
      // A copy of the text that the file has again is ours: an earlier edit would have left another text in the file.
      ...(original === "keep" && before !== undefined
        ? [`! ${expectText(copy, before)} > /dev/null || ${putText(copy, undefined)}`]
        : []),
    ];
    return lines.join(" || return\n");
  },
  functions: "",
  describe: ({ path, before, after }) =>
    `${after === undefined ? "remove" : before === undefined ? "write" : "edit"} ${path}`,
};

/** The path of the copy of a file's original text, kept from our first edit until our last entry is removed. */
export function originalPath(path: string): string {
  return `${STATE_FOLDER}/before${path}`;
}

function modeOf({ executable }: FileEdit): "755" | undefined {
  return executable ? "755" : undefined;
}

/** Shell that removes the folder of a file, if that folder is only for our files. */
function dropFolder(path: string): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.endsWith("pulumi-pci-passthrough") ? [`rmdir ${quote(folder)} 2> /dev/null || :`] : [];
}
