import { join, type Node, parentOf } from "./file-node";

/**
 * What of a file tree is on disk, and so survives a loss of power: no more than POSIX promises. fsync(2) of a file
 * writes its text and mode, and a name that it has for the first time (ext4, XFS and btrfs do); fsync of a folder
 * writes which names are in it, so a rename or removal is lost without it. ext4 usually keeps more.
 */
export class Disk {
  private readonly names = new Map<string, Node>();
  /** What is on disk of a file that was changed since. Nodes never change: a changed file is another node. */
  private readonly older = new WeakMap<Node, Node>();

  constructor(private readonly current: ReadonlyMap<string, Node>) {}

  /** A file was changed: from this node to that one. */
  changed(from: Node | undefined, to: Node): void {
    const written = from && (this.older.get(from) ?? (this.isSynced(from) ? from : undefined));
    if (written) this.older.set(to, written);
  }

  /** fsync(2) of a file or folder. */
  sync(path: string): void {
    const node = this.current.get(path);
    if (!node) return;
    this.syncNode(path, node);
    for (let folder = parentOf(path); !this.names.has(folder); folder = parentOf(folder)) {
      const above = this.current.get(folder);
      if (above) this.names.set(folder, above);
    }
    if (node.kind !== "directory") return;
    for (const name of this.names.keys())
      if (parentOf(name) === path && name !== path && !this.current.has(name)) this.drop(name);
    for (const [name, inside] of this.current) {
      if (parentOf(name) !== path || name === path || this.names.get(name) === inside) continue;
      this.names.set(name, this.isSynced(inside) ? inside : (this.older.get(inside) ?? emptied(inside)));
    }
  }

  /** sync(2), and what an orderly shutdown does. */
  syncAll(): void {
    this.names.clear();
    for (const [path, node] of this.current) this.syncNode(path, node);
  }

  /** Every file as it is on disk: path -> node. */
  get contents(): ReadonlyMap<string, Node> {
    return this.names;
  }

  private syncNode(path: string, node: Node): void {
    this.older.set(node, node);
    this.names.set(path, node);
  }

  private isSynced(node: Node): boolean {
    return node.kind !== "file" || this.older.get(node) === node;
  }

  private drop(path: string): void {
    for (const name of [...this.names.keys()])
      if (name === path || name.startsWith(join(path, ""))) this.names.delete(name);
  }
}

/** A file whose name was written before any of its text. */
function emptied(node: Node): Node {
  return node.kind === "file" ? { ...node, text: "" } : node;
}
