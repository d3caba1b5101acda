import type { TextFile } from "../boot/text-file";

/**
 * The text files of a host that plans read or edit. Each topic has a function that selects its own:
 * `modprobeFiles(files)`.
 */
export interface HostFiles {
  readonly byPath: ReadonlyMap<string, TextFile>;
  /** Where VM configurations may be, the paths that the program names last. Not every path has a file. */
  readonly vmConfigPaths: readonly string[];
  /** Why they were not read, and what to do: sentences without the last full stop. Undefined where they were. */
  readonly whyNoVmConfigs: string | undefined;
  /** Scripts and units that mention /etc/xen/pciback.conf. */
  readonly pcibackConfReaders: readonly string[];
}

/**
 * The files that the globs or paths match, in the order of the globs and, within a glob, of the shell under LC_ALL=C.
 */
export function selectFiles(files: HostFiles, globs: readonly string[]): readonly TextFile[] {
  const selected = globs.flatMap((glob) => {
    if (!glob.includes("*")) return files.byPath.get(glob) ?? [];
    const pattern = patternOf(glob);
    return [...files.byPath.values()].filter(({ path }) => pattern.test(path)).sort(byPath);
  });
  return [...new Set(selected)];
}

/**
 * The files after an edit, which addresses a file by its target as steps do. A file that was not there is added under
 * that path; undefined text removes the file.
 */
export function withFile(files: HostFiles, target: string, text: string | undefined): HostFiles {
  const edited = [...files.byPath].flatMap(([path, file]) => {
    if (file.target !== target) return [[path, file] as const];
    return text === undefined ? [] : [[path, { ...file, text }] as const];
  });
  const isNew = text !== undefined && ![...files.byPath.values()].some((file) => file.target === target);
  const added = isNew ? [[target, { path: target, target, text }] as const] : [];
  return { ...files, byPath: new Map([...edited, ...added]) };
}

/** Of the globs that the sources name. */
const patterns = new Map<string, RegExp>();

/** A glob of the shell, of which only `*` is used: it matches no slash and, at the start of a name, no dot. */
function patternOf(glob: string): RegExp {
  const known = patterns.get(glob);
  if (known) return known;
  const text = glob
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("/*", "/(?!\\.)*")
    .replaceAll("*", "[^/]*");
  const pattern = new RegExp(`^${text}$`);
  patterns.set(glob, pattern);
  return pattern;
}

/** Latin-1 characters stand for bytes, so this is the order of bytes. */
function byPath(a: TextFile, b: TextFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
