import { parentOf, type VirtualNode } from "./file-node";

/** The files of /sys or /proc as they are now: path -> node, directories before what they hold. */
export type VirtualFiles = () => FileMap<VirtualNode>;

/** Files by their absolute paths, which also knows what a folder holds. */
export class FileMap<File> extends Map<string, File> {
  /** Folder -> the names in it; made when the first is asked for. */
  private folders: Map<string, Set<string>> | undefined;

  /** The names in a folder, of folders too that have no file of their own. */
  namesIn(folder: string): Iterable<string> {
    if (!this.folders) {
      this.folders = new Map();
      for (const path of this.keys()) note(this.folders, path);
    }
    return this.folders.get(folder) ?? [];
  }

  override set(path: string, file: File): this {
    if (this.folders && !this.has(path)) note(this.folders, path);
    return super.set(path, file);
  }

  override delete(path: string): boolean {
    this.folders?.get(parentOf(path))?.delete(nameOf(path));
    return super.delete(path);
  }

  override clear(): void {
    this.folders = undefined;
    super.clear();
  }
}

function note(folders: Map<string, Set<string>>, path: string): void {
  for (let inside = path; inside !== "/"; inside = parentOf(inside)) {
    const folder = parentOf(inside);
    const known = folders.get(folder);
    if (known?.has(nameOf(inside))) return;
    if (known) known.add(nameOf(inside));
    else folders.set(folder, new Set([nameOf(inside)]));
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
