/** A mounted file system. */
export interface Mount {
  /** The number of the device, `8:1`; the major number is 0 where several devices, or none, carry it. */
  readonly number: string;
  readonly point: string;
  readonly type: string;
  /** What it was mounted from: `/dev/sda1`, `rpool/ROOT/pve-1`, `10.0.0.5:/srv`, `overlay`. */
  readonly source: string;
  /** The options of the file system itself. */
  readonly options: string;
}

/**
 * Reads the lines of /proc/self/mountinfo, each after the word `mount` (proc(5)): field 3 is the number, field 5 the
 * mount point; after " - " come type, source and options. Ignores other lines.
 */
export function readMounts(lines: readonly string[]): readonly Mount[] {
  return lines.flatMap((line) => {
    const [kind, , , number = "", , point = "", ...fields] = line.split(" ");
    if (kind !== "mount") return [];
    const [type = "", source = "", options = ""] = fields.slice(fields.indexOf("-") + 1);
    return [
      { number, point: unescapeField(point), type, source: unescapeField(source), options: unescapeField(options) },
    ];
  });
}

/** The mount that a path is on; undefined when it is none that was listed. Later mounts lie over earlier ones. */
export function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  const above = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(...above.map(({ point }) => point.length));
  return above.filter(({ point }) => point.length === longest).at(-1);
}

/** The kernel writes blanks, newlines and backslashes as octal numbers (linux, fs/proc_namespace.c, mangle). */
export function unescapeField(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
