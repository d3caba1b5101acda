import { STATE_FOLDER } from "../claims/folders";
import { withFile } from "../facts/files";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import type { StepType } from "./step-type";
import { putText, textShell } from "./text-shell";

/** The whole new text of a file; undefined text means that there is no such file. */
export interface FileEdit {
  readonly kind: "edit-file";
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Functions that the host loses at its next boot by this edit. */
  readonly hides: readonly PciAddress[];
  /** Whether this is our first edit of the file, the one that removes our last entry, or one between. */
  readonly original: "keep" | "forget" | "leave";
  /** A new file is one that can be run. */
  readonly executable?: boolean;
}

export const editFile: StepType<FileEdit> = {
  takes: ({ hides }) => hides.map((address) => ({ address, when: "next-boot", to: undefined })),
  moves: () => [],
  gives: () => [],
  after: (facts, { path, after }) => ({ ...facts, files: withFile(facts.files, path, after) }),
  assumes: ({ path, before, after }) => [textShell(path, before, after).assumes],
  perform(step) {
    const { path, before, after } = step;
    const copy = quote(originalPath(path));
    const lines = [
      // Several edits of one apply may each be the first one as far as their own plan knows.
      ...(step.original === "keep" && before !== undefined
        ? [`[ -e ${copy} ] || ${putText(originalPath(path), before)}`]
        : []),
      textShell(path, before, after).perform,
      ...(step.executable && before === undefined ? [`chmod 755 ${quote(path)}`] : []),
      ...(after === undefined ? dropFolder(path) : []),
      ...(step.original === "forget" ? [`rm -f ${copy}`] : []),
    ];
    return lines.join(" || return\n");
  },
  undo: ({ path, before, after }) =>
    [textShell(path, before, after).undo, ...(before === undefined ? dropFolder(path) : [])].join("\n"),
  functions: "",
  describe: ({ path, before, after }) =>
    `${after === undefined ? "remove" : before === undefined ? "write" : "edit"} ${path}`,
};

/** Where the text before our first edit is kept until our last entry leaves the file. */
export function originalPath(path: string): string {
  return `${STATE_FOLDER}/before${path}`;
}

/** Shell that removes the folder of a file, where that folder is there for files of ours alone. */
function dropFolder(path: string): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.endsWith("pulumi-pci-passthrough") ? [`rmdir ${quote(folder)} 2> /dev/null || :`] : [];
}
