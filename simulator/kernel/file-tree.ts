import { Disk } from "./disk";
import { Errno } from "./errno";
import { FileMap, type VirtualFiles } from "./file-map";
import { byBytes, type FileStatus, join, type Node, names, newFile, parentOf, type VirtualNode } from "./file-node";

const MAX_LINKS = 40;

/**
 * The one file tree of a simulated host: real files, and folders whose files are computed from the kernel model.
 * Every method takes absolute paths and throws Errno, as the system call of that name would.
 */
export class FileTree {
  private readonly madeAt = Date.now();
  private readonly nodes = new FileMap<Node>();
  private readonly disk = new Disk(this.nodes);

  /** Where tests refuse writes: called with the resolved path before anything changes; throws Errno. */
  onWrite: (path: string, when: "open" | "write") => void = () => {};

  constructor(private readonly virtual: Readonly<Record<string, VirtualFiles>>) {
    this.nodes.set("/", { kind: "directory", mode: 0o755, uid: 0, mtime: this.madeAt });
  }

  /**
   * Where a path leads to, with links in it followed; the last name itself may be missing. Throws ENOENT, ENOTDIR,
   * ELOOP.
   */
  resolve(path: string, options: { readonly followLast: boolean } = { followLast: true }): string {
    // The next name is the last.
    const rest = names(path).reverse();
    const look = this.lookNow();
    let reached = "/";
    let links = 0;
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      const next = name === ".." ? parentOf(reached) : join(reached, name);
      const node = look(next);
      const isLast = rest.length === 0;
      if (node?.kind === "link" && (!isLast || options.followLast)) {
        if (++links > MAX_LINKS) throw new Errno("ELOOP", path);
        rest.push(...names(node.target).reverse());
        if (node.target.startsWith("/")) reached = "/";
        continue;
      }
      if (!isLast && !node) throw new Errno("ENOENT", path);
      if (!isLast && node?.kind !== "directory") throw new Errno("ENOTDIR", path);
      reached = next;
    }
    return reached;
  }

  status(path: string, options: { readonly followLast: boolean } = { followLast: true }): FileStatus {
    const node = this.look(this.resolve(path, options));
    if (!node) throw new Errno("ENOENT", path);
    const uid = "uid" in node ? node.uid : 0;
    const mtime = "mtime" in node ? node.mtime : this.madeAt;
    if (node.kind === "link") {
      const size = "mtime" in node ? node.target.length : 0;
      return { kind: "link", mode: 0o777, uid, mtime, size, target: node.target };
    }
    if (node.kind === "directory") {
      return {
        kind: "directory",
        mode: "mode" in node ? node.mode : 0o755,
        uid,
        mtime,
        size: "mode" in node ? 4096 : 0,
      };
    }
    return { kind: "file", mode: node.mode, uid, mtime, size: "text" in node ? node.text.length : 4096 };
  }

  exists(path: string, options?: { readonly followLast: boolean }): boolean {
    try {
      return this.look(this.resolve(path, options)) !== undefined;
    } catch {
      return false;
    }
  }

  read(path: string): string {
    const node = this.look(this.resolve(path));
    if (!node) throw new Errno("ENOENT", path);
    if (node.kind === "directory") throw new Errno("EISDIR", path);
    if (node.kind === "link") throw new Errno("ELOOP", path);
    if ("text" in node) return node.text;
    if (!node.read) throw new Errno(node.mode & 0o444 ? "EIO" : "EACCES", path);
    return node.read();
  }

  list(path: string): readonly string[] {
    const folder = this.resolve(path);
    const node = this.look(folder);
    if (!node) throw new Errno("ENOENT", path);
    if (node.kind !== "directory") throw new Errno("ENOTDIR", path);
    const inside = new Set((this.virtualFilesAt(folder) ?? this.nodes).namesIn(folder));
    if (folder === "/") for (const mount of Object.keys(this.virtual)) inside.add(mount.slice(1));
    return [...inside].sort(byBytes);
  }

  /** What is on the disk and in memory, times aside: path -> mode, owner, text. For tests that compare hosts. */
  get everything(): ReadonlyMap<string, string> {
    const describe = (node: Node) => {
      if (node.kind === "link") return `link to ${node.target}`;
      const owner = `${node.mode.toString(8)} ${node.uid}`;
      return node.kind === "directory" ? `folder ${owner}` : `${owner}\n${node.text}`;
    };
    return new Map([...this.nodes].map(([path, node]) => [path, describe(node)]));
  }

  /** open(O_WRONLY|O_CREAT|O_TRUNC): whether the path can be written, before anything is. */
  open(path: string, options: { readonly truncate: boolean; readonly uid?: number; readonly mode?: number }): void {
    const resolved = this.resolve(path);
    this.onWrite(resolved, "open");
    const node = this.look(resolved);
    if (node?.kind === "directory") throw new Errno("EISDIR", path);
    if (this.virtualFilesAt(resolved)) {
      if (!node) throw new Errno(resolved.startsWith("/sys/") ? "EACCES" : "ENOENT", path);
      return;
    }
    this.parent(resolved, path);
    if (node && !options.truncate) return;
    const before = node?.kind === "file" && "text" in node ? node : undefined;
    this.put(resolved, before ? { ...before, text: "" } : newFile(options.mode ?? 0o644, options.uid ?? 0));
  }

  /** One write(2) of all the text to a file, replacing what it held or after it. */
  write(path: string, text: string, options: { readonly append?: boolean } = {}): void {
    const resolved = this.resolve(path);
    const node = this.look(resolved);
    if (node?.kind === "directory") throw new Errno("EISDIR", path);
    if (this.virtualFilesAt(resolved)) {
      this.onWrite(resolved, "write");
      if (node?.kind !== "file" || "text" in node) throw new Errno("EACCES", path);
      if (!node.write) throw new Errno("EIO", path);
      node.write(text);
      return;
    }
    this.parent(resolved, path);
    const before = node?.kind === "file" && "text" in node ? node : newFile(0o644, 0);
    const put = (written: string) =>
      this.put(resolved, { ...before, text: options.append ? before.text + written : written, mtime: Date.now() });
    try {
      this.onWrite(resolved, "write");
    } catch (error) {
      // A disk that is full takes what still fits.
      if (error instanceof Errno && error.code === "ENOSPC") put(text.slice(0, text.length / 2));
      throw error;
    }
    put(text);
  }

  mkdir(path: string, mode = 0o755): void {
    const resolved = this.resolve(path);
    if (this.look(resolved)) throw new Errno("EEXIST", path);
    this.change(resolved, path);
    this.onWrite(resolved, "write");
    this.put(resolved, { kind: "directory", mode, uid: 0, mtime: Date.now() });
  }

  symlink(target: string, path: string): void {
    const resolved = this.resolve(path, { followLast: false });
    if (this.look(resolved)) throw new Errno("EEXIST", path);
    this.change(resolved, path);
    this.onWrite(resolved, "write");
    this.put(resolved, { kind: "link", target, uid: 0, mtime: Date.now() });
  }

  /** link(2). What is written in place afterwards is only under one of the names. */
  link(from: string, path: string): void {
    const node = this.nodes.get(this.resolve(from));
    const resolved = this.resolve(path, { followLast: false });
    if (!node) throw new Errno("ENOENT", from);
    if (this.look(resolved)) throw new Errno("EEXIST", path);
    this.change(resolved, path);
    this.onWrite(resolved, "write");
    this.put(resolved, node);
  }

  /** unlink(2), or rmdir(2) for a directory. */
  remove(path: string): void {
    const resolved = this.resolve(path, { followLast: false });
    const node = this.look(resolved);
    if (!node) throw new Errno("ENOENT", path);
    this.change(resolved, path);
    if (node.kind === "directory" && this.list(resolved).length > 0) throw new Errno("ENOTEMPTY", path);
    this.nodes.delete(resolved);
  }

  /** rename(2): the target is replaced in one step. */
  rename(from: string, to: string): void {
    const source = this.resolve(from, { followLast: false });
    const target = this.resolve(to, { followLast: false });
    const node = this.nodes.get(source);
    if (!node) throw new Errno(this.look(source) ? "EPERM" : "ENOENT", from);
    this.change(source, from);
    this.change(target, to);
    const there = this.look(target);
    if (there?.kind === "directory" && node.kind !== "directory") throw new Errno("EISDIR", to);
    for (const [path, moved] of [...this.nodes]) {
      if (path !== source && !path.startsWith(`${source}/`)) continue;
      this.nodes.delete(path);
      this.nodes.set(target + path.slice(source.length), moved);
    }
  }

  setStatus(path: string, change: { readonly mode?: number; readonly uid?: number; readonly mtime?: number }): void {
    const resolved = this.resolve(path);
    const node = this.nodes.get(resolved);
    if (!node) throw new Errno(this.look(resolved) ? "EPERM" : "ENOENT", path);
    this.onWrite(resolved, "open");
    this.put(resolved, { ...node, ...change });
  }

  /** What a tmpfs at this folder loses when the machine goes down: all but these folders, which each boot makes. */
  forget(folder: string, remade: readonly string[]): void {
    for (const path of [...this.nodes.keys()])
      if (path.startsWith(`${folder}/`) && !remade.some((made) => made === path || made.startsWith(`${path}/`)))
        this.nodes.delete(path);
  }

  /** sync(2), and what an orderly shutdown does. */
  syncAll(): void {
    this.disk.syncAll();
  }

  /** fsync(2) of a file or folder. Throws ENOENT. */
  sync(path: string): void {
    const resolved = this.resolve(path);
    if (!this.look(resolved)) throw new Errno("ENOENT", path);
    this.disk.sync(resolved);
  }

  /** What the disk loses when the power fails. */
  forgetUnsynced(): void {
    const kept = [...this.disk.contents];
    this.nodes.clear();
    for (const [path, node] of kept) this.nodes.set(path, node);
  }

  /** Writes a file and the folders above it to disk: for profiles, tests and daemons, past every refusal. */
  plant(path: string, text: string, mode = 0o644): void {
    this.plantFolder(parentOf(path));
    this.nodes.set(path, { ...newFile(mode, 0), text });
    this.disk.sync(path);
  }

  plantFolder(path: string): void {
    if (this.nodes.has(path)) return;
    this.plantFolder(parentOf(path));
    this.nodes.set(path, { kind: "directory", mode: 0o755, uid: 0, mtime: Date.now() });
  }

  private look(path: string): Node | VirtualNode | undefined {
    return this.lookNow()(path);
  }

  /** To look at many files of one moment: /sys and /proc are asked for once. */
  private lookNow(): (path: string) => Node | VirtualNode | undefined {
    const asked = new Map<string, FileMap<VirtualNode> | undefined>();
    return (path) => {
      const mount = mountOf(path);
      if (!asked.has(mount)) asked.set(mount, this.virtual[mount]?.());
      return asked.get(mount)?.get(path) ?? this.nodes.get(path);
    };
  }

  private virtualFilesAt(path: string): FileMap<VirtualNode> | undefined {
    return this.virtual[mountOf(path)]?.();
  }

  private parent(resolved: string, path: string): void {
    const folder = this.look(parentOf(resolved));
    if (!folder) throw new Errno("ENOENT", path);
    if (folder.kind !== "directory") throw new Errno("ENOTDIR", path);
  }

  private change(resolved: string, path: string): void {
    if (this.virtualFilesAt(resolved)) throw new Errno("EPERM", path);
    this.parent(resolved, path);
    this.onWrite(resolved, "open");
  }

  private put(resolved: string, node: Node): void {
    this.disk.changed(this.nodes.get(resolved), node);
    this.nodes.set(resolved, node);
  }
}

/** Where a virtual file system that has this path would be mounted. */
function mountOf(path: string): string {
  const end = path.indexOf("/", 1);
  return end < 0 ? path : path.slice(0, end);
}
