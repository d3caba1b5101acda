/** A file of the simulated host. Text is bytes as Latin-1 characters. */
export type Node =
  | { readonly kind: "directory"; readonly mode: number; readonly uid: number; readonly mtime: number }
  | { readonly kind: "link"; readonly target: string; readonly uid: number; readonly mtime: number }
  | {
      readonly kind: "file";
      readonly text: string;
      readonly mode: number;
      readonly uid: number;
      readonly mtime: number;
    };

/** What a file of /sys or /proc does when it is read or written; a missing one is refused as the kernel refuses it. */
export type VirtualNode =
  | { readonly kind: "directory" }
  | { readonly kind: "link"; readonly target: string }
  | {
      readonly kind: "file";
      readonly mode: number;
      readonly read?: () => string;
      readonly write?: (text: string) => void;
    };

/** stat(2), as far as commands here print it. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "link";
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  readonly target?: string;
}

/** An empty file. */
export function newFile(mode: number, uid: number) {
  return { kind: "file", text: "", mode, uid, mtime: Date.now() } as const;
}

/** The names in a path, without empty ones and dots. */
export function names(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The path of a name in a folder. */
export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** The folder that a path stands in; / is in itself. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The order of the C locale, for sort(). */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
