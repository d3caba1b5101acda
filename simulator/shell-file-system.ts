import type { BufferEncoding, FileContent, FsStat, IFileSystem, MkdirOptions, RmOptions } from "just-bash";
import { SHELL_BUILTINS } from "./commands/standard";
import { Errno } from "./kernel/errno";
import { parentOf } from "./kernel/file-node";
import type { FileTree } from "./kernel/file-tree";
import { ownCgroup, type Session } from "./machine";
import { whileAlive } from "./process-life";
import { OPEN_OUTPUT } from "./shell-transform";
import { toBytes, toShellText } from "./wire-text";

type Encoding = BufferEncoding | { encoding?: BufferEncoding | null } | undefined;

/** A redirection that the host refused; the shell asks for it after the command (shell-transform.ts). */
export interface RefusedWrite {
  readonly when: "open" | "write";
  readonly path: string;
  readonly error: Errno;
}

/**
 * The host's files as just-bash wants to see them, for one process.
 * A refused write of a redirection cannot be thrown here: just-bash would end the whole script.
 */
export class ShellFileSystem implements Omit<IFileSystem, "readFileBytes"> {
  private refused: RefusedWrite | undefined;

  constructor(
    private readonly files: FileTree,
    private readonly session: Session,
  ) {}

  /** The last refused write, once. */
  takeRefusedWrite(): RefusedWrite | undefined {
    const { refused } = this;
    this.refused = undefined;
    return refused;
  }

  async readFile(path: string): Promise<string> {
    return toShellText(isNull(path) ? "" : (ownCgroup(this.session, path) ?? this.files.read(path)));
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return Buffer.from(await this.readFile(path), "utf8");
  }

  writeFile(path: string, content: FileContent, encoding?: Encoding): Promise<void> {
    return this.redirect(path, readContent(content, encoding), false);
  }

  appendFile(path: string, content: FileContent, encoding?: Encoding): Promise<void> {
    return this.redirect(path, readContent(content, encoding), true);
  }

  /** just-bash opens a redirection by writing nothing, and writes all of the output when the command has ended. */
  private redirect(path: string, text: string, append: boolean): Promise<void> {
    return this.change(() => {
      if (path === OPEN_OUTPUT) return this.session.conversation?.print(text);
      if (isNull(path) || this.refused?.path === path) return;
      try {
        if (text === "") this.files.open(path, { truncate: !append, uid: this.session.uid });
        else this.files.write(path, text, { append });
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        this.refused = { when: text === "" ? "open" : "write", path, error };
      }
    });
  }

  private change(act: () => void | Promise<void>): Promise<void> {
    return whileAlive(this.session, act);
  }

  async exists(path: string): Promise<boolean> {
    return isSink(path) || isBuiltin(path) || this.isOwnCgroup(path) || this.files.exists(path);
  }

  private isOwnCgroup(path: string): boolean {
    return ownCgroup(this.session, path) !== undefined;
  }

  async stat(path: string): Promise<FsStat> {
    return this.status(path, true);
  }

  async lstat(path: string): Promise<FsStat> {
    return this.status(path, false);
  }

  private status(path: string, followLast: boolean): FsStat {
    const status =
      isSink(path) || isBuiltin(path) || this.isOwnCgroup(path)
        ? ({ kind: "file", mode: 0o777, size: 0, mtime: 0 } as const)
        : this.files.status(path, { followLast });
    return {
      isFile: status.kind === "file",
      isDirectory: status.kind === "directory",
      isSymbolicLink: status.kind === "link",
      mode: status.mode,
      size: status.size,
      mtime: new Date(status.mtime),
    };
  }

  async mkdir(path: string, options?: MkdirOptions): Promise<void> {
    if (options?.recursive && parentOf(path) !== path && !this.files.exists(parentOf(path))) {
      await this.mkdir(parentOf(path), options);
    }
    if (!(options?.recursive && this.files.exists(path))) await this.change(() => this.files.mkdir(path));
  }

  async readdir(path: string): Promise<string[]> {
    return [...this.files.list(path)];
  }

  async rm(path: string, options?: RmOptions): Promise<void> {
    if (!this.files.exists(path, { followLast: false })) {
      if (options?.force) return;
      throw new Errno("ENOENT", path);
    }
    if (options?.recursive && this.files.status(path, { followLast: false }).kind === "directory") {
      for (const name of this.files.list(path)) await this.rm(`${path}/${name}`, options);
    }
    await this.change(() => this.files.remove(path));
  }

  cp(source: string, target: string): Promise<void> {
    return this.change(() => this.files.write(target, this.files.read(source)));
  }

  mv(source: string, target: string): Promise<void> {
    return this.change(() => this.files.rename(source, target));
  }

  resolvePath(base: string, path: string): string {
    const names: string[] = [];
    for (const name of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
      if (name === "..") names.pop();
      else if (name !== "" && name !== ".") names.push(name);
    }
    return `/${names.join("/")}`;
  }

  getAllPaths(): string[] {
    return [];
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.change(() => this.files.setStatus(path, { mode }));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.change(() => this.files.symlink(target, path));
  }

  link(existing: string, path: string): Promise<void> {
    return this.change(() => this.files.write(path, this.files.read(existing)));
  }

  async readlink(path: string): Promise<string> {
    const { target } = this.files.status(path, { followLast: false });
    if (target === undefined) throw new Errno("EINVAL", path);
    return target;
  }

  async realpath(path: string): Promise<string> {
    const resolved = this.files.resolve(path);
    if (!this.files.exists(resolved)) throw new Errno("ENOENT", path);
    return resolved;
  }

  utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    return this.change(() => this.files.setStatus(path, { mtime: modified.getTime() }));
  }
}

/** just-bash runs its commands only where it finds a file for them; commands of the shell itself have none. */
function isBuiltin(path: string): boolean {
  const name = path.slice("/usr/bin/".length);
  return path.startsWith("/usr/bin/") && (name.startsWith("__") || SHELL_BUILTINS.includes(name));
}

/** Whether this is a file for just-bash alone, or takes whatever is written to it. */
function isSink(path: string): boolean {
  return isNull(path) || path === OPEN_OUTPUT;
}

function isNull(path: string): boolean {
  return path === "/dev/null";
}

/**
 * just-bash hands over text as such, and bytes as one character each ("binary"); its bytes are the UTF-8 of its text.
 */
function readContent(content: FileContent, encoding: Encoding): string {
  if (typeof content !== "string") return toBytes(Buffer.from(content).toString("utf8"));
  const name = typeof encoding === "string" ? encoding : encoding?.encoding;
  const bytes = name === "binary" || name === "latin1";
  return toBytes(bytes ? Buffer.from(content, "latin1").toString("utf8") : content);
}
