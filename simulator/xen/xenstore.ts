/** xenstore: a tree of short texts that lives as long as the host is up. Folders are entries too. */
export class Xenstore {
  private readonly entries = new Map<string, string>();

  /** Every entry: path -> text. */
  get all(): ReadonlyMap<string, string> {
    return this.entries;
  }

  read(path: string): string | undefined {
    return this.entries.get(path);
  }

  /** Writes an entry and, as xenstored does, empty ones for the folders above it. */
  write(path: string, value: string | number): void {
    for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash);
      if (!this.entries.has(folder)) this.entries.set(folder, "");
    }
    this.entries.set(path, String(value));
  }

  remove(path: string): void {
    for (const entry of [...this.entries.keys()]) {
      if (entry === path || entry.startsWith(`${path}/`)) this.entries.delete(entry);
    }
  }

  /** Names of what is directly inside, in the order of writing; undefined when there is no such entry. */
  list(path: string): readonly string[] | undefined {
    if (path !== "/" && !this.entries.has(path)) return undefined;
    const prefix = path === "/" ? "/" : `${path}/`;
    return [...this.entries.keys()]
      .filter((entry) => entry.startsWith(prefix) && !entry.slice(prefix.length).includes("/"))
      .map((entry) => entry.slice(prefix.length));
  }
}
