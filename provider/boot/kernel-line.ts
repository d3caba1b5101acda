import type { BootEdit } from "./boot-edit";

/** Whose command line: the kernel without Xen, the kernel of dom0 under Xen, the hypervisor itself. */
export type KernelLine = "linux" | "dom0" | "xen";

/** A file of the host, byte for byte. */
export interface NamedText {
  readonly path: string;
  readonly text: string;
}

/**
 * An edit of command lines that is about one argument: where that stands already, it is edited, and else where new ones
 * go. `place` names where a line stands, the same in every run: a loader entry's path, an assignment, an entry.
 */
export interface ArgumentEdit {
  readonly name: string;
  readonly edit: (commandLine: string, place: string) => BootEdit;
}

/** New texts of files, by their paths; undefined text: the file goes. */
export type FilesEdit =
  | { readonly kind: "edited"; readonly texts: ReadonlyMap<string, string | undefined> }
  | { readonly kind: "error"; readonly reason: string };
