import { Errno, type ErrnoCode } from "../kernel/errno";
import { type CommandCall, type CommandOutput, type Commands, ownCgroup } from "../machine";
import { eachFile, failed, isErrno, splitOptions, succeeded } from "./command";
import { modeText, userName } from "./list-files";

/** Errors of write(2), when open(2) went well. */
const WRITING: readonly ErrnoCode[] = ["EIO", "ENOSPC"];

/** Programs of coreutils 9.1 that read and change files, with the options that administrators' scripts use. */
export const fileCommands: Commands = {
  cat: (call) => {
    const files = call.args.filter((arg) => arg === "-" || !arg.startsWith("-"));
    const read = (file: string) => (file === "-" ? call.stdin : readFile(call, file));
    return eachFile(files.length > 0 ? files : ["-"], read, (file, error) => `cat: ${file}: ${error.text}`);
  },
  mkdir: (call) => {
    const { options, words } = splitOptions(call.args);
    const make = (file: string): string => {
      const path = call.path(file);
      const { files } = call.machine;
      const mode = 0o777 & ~call.session.umask;
      if (!options.includes("p")) files.mkdir(path, mode);
      else for (const folder of foldersTo(path)) if (!files.exists(folder)) files.mkdir(folder, mode);
      if (options.includes("p") && files.status(path).kind !== "directory") throw new Errno("EEXIST", path);
      return "";
    };
    return eachFile(words, make, (file, error) => `mkdir: cannot create directory '${file}': ${error.text}`);
  },
  rm: (call) => {
    const { options, words } = splitOptions(call.args);
    const recursive = options.includes("r") || options.includes("R");
    const remove = (file: string): string => {
      const path = call.path(file);
      const { files } = call.machine;
      if (options.includes("f") && !files.exists(path, { followLast: false })) return "";
      if (!recursive && files.status(path, { followLast: false }).kind === "directory") throw new Errno("EISDIR", path);
      removeAll(call, path);
      return "";
    };
    return eachFile(words, remove, (file, error) => `rm: cannot remove '${file}': ${error.text}`);
  },
  rmdir: (call) =>
    eachFile(
      splitOptions(call.args).words,
      (file) => {
        call.machine.files.remove(call.path(file));
        return "";
      },
      (file, error) => `rmdir: failed to remove '${file}': ${error.text}`,
    ),
  mv: (call) => {
    const move = (from: string, to: string) => call.machine.files.rename(call.path(from), to);
    return toTarget(call, move, (from, to, error) => `mv: cannot move '${from}' to '${to}': ${error.text}`);
  },
  cp: (call) => {
    const { options } = splitOptions(call.args);
    const keep = options.includes("a") || options.includes("p") || options.includes("--preserve");
    const copy = (from: string, to: string) => {
      const { files } = call.machine;
      const status = files.status(call.path(from));
      const text = readFile(call, from);
      const created = !files.exists(to);
      files.open(to, { truncate: true, uid: call.session.uid, mode: status.mode });
      files.write(to, text);
      if (keep) files.setStatus(to, { mode: status.mode, uid: status.uid, mtime: status.mtime });
      else if (created) files.setStatus(to, { mode: status.mode });
    };
    return toTarget(call, copy, (from, to, error) =>
      error.code === "ENOENT" && error.path !== to
        ? `cp: cannot stat '${from}': ${error.text}`
        : `cp: ${WRITING.includes(error.code) ? "error writing" : "cannot create regular file"} '${to}': ${error.text}`,
    );
  },
  ln: (call) => {
    const { options, words } = splitOptions(call.args);
    const [target = "", name = target.slice(target.lastIndexOf("/") + 1)] = words;
    const path = call.path(name);
    const link = (): string => {
      const { files } = call.machine;
      if (options.includes("f") && files.exists(path, { followLast: false })) files.remove(path);
      if (options.includes("s")) files.symlink(target, path);
      else files.link(call.path(target), path);
      return "";
    };
    return eachFile(
      [name],
      link,
      (file, error) =>
        `ln: failed to create ${options.includes("s") ? "symbolic" : "hard"} link '${file}': ${error.text}`,
    );
  },
  touch: (call) =>
    eachFile(
      splitOptions(call.args).words,
      (file) => {
        call.machine.files.open(call.path(file), { truncate: false, uid: call.session.uid });
        return "";
      },
      (file, error) => `touch: cannot touch '${file}': ${error.text}`,
    ),
  chmod: (call) => {
    const [mode = "", ...files] = call.args.filter((arg) => !/^-[RvcfL]+$/.test(arg) && arg !== "--");
    if (!/^[0-7]{3,4}$/.test(mode)) return call.builtin(call.args);
    const change = (file: string): string => {
      call.machine.files.setStatus(call.path(file), { mode: Number.parseInt(mode, 8) });
      return "";
    };
    return eachFile(files, change, (file, error) => `chmod: cannot access '${file}': ${error.text}`);
  },
  chown: (call) => {
    const [owner = "", ...files] = splitOptions(call.args).words;
    const change = (file: string): string => {
      const name = owner.split(":")[0] ?? "";
      call.machine.files.setStatus(call.path(file), { uid: name === "root" ? 0 : Number(name) || 0 });
      return "";
    };
    return eachFile(files, change, (file, error) => `chown: cannot access '${file}': ${error.text}`);
  },
  stat: (call) => {
    const follow = call.args.includes("-L");
    const option = call.args.findIndex((arg) => arg === "-c" || arg.startsWith("--format"));
    const format = call.args[option]?.startsWith("--format=") ? call.args[option]?.slice(9) : call.args[option + 1];
    if (option < 0 || format === undefined) return failed(1, "stat: only -c FORMAT works on this simulated host\n");
    const files = call.args.filter(
      (arg, index) => index > option + (call.args[option] === "-c" ? 1 : 0) && !arg.startsWith("-"),
    );
    if (call.args.includes("-f")) return succeeded("ext2/ext3\n".repeat(files.length));
    return eachFile(
      files,
      (file) => {
        const status = call.machine.files.status(call.path(file), { followLast: follow });
        const kinds = {
          file: status.size === 0 ? "regular empty file" : "regular file",
          directory: "directory",
          link: "symbolic link",
        };
        const values: Record<string, string | number> = {
          a: status.mode.toString(8),
          A: modeText(status),
          u: status.uid,
          g: status.uid,
          U: userName(status.uid),
          G: userName(status.uid),
          s: status.size,
          n: file,
          F: kinds[status.kind],
          Y: Math.floor(status.mtime / 1000),
          h: 1,
          d: deviceNumber(call, file),
          C: "?",
        };
        return `${format.replace(/%(.)/g, (whole, letter: string) => String(values[letter] ?? whole))}\n`;
      },
      (file, error) => `stat: cannot statx '${file}': ${error.text}`,
    );
  },
  readlink: (call) => {
    const { options, words } = splitOptions(call.args);
    const { files } = call.machine;
    let exitCode = 0;
    let stdout = "";
    for (const file of words) {
      try {
        const path = call.path(file);
        const end = options.includes("n") ? "" : "\n";
        if (options.includes("f") || options.includes("e")) {
          const resolved = files.resolve(path);
          if (options.includes("e") && !files.exists(resolved)) throw new Errno("ENOENT", path);
          stdout += `${resolved}${end}`;
        } else {
          const { target } = files.status(path, { followLast: false });
          if (target === undefined) throw new Errno("EINVAL", path);
          stdout += `${target}${end}`;
        }
      } catch (error) {
        if (!isErrno(error)) throw error;
        exitCode = 1; // readlink says nothing without -v
      }
    }
    return { stdout, stderr: "", exitCode };
  },
};

/** The text of a file, by a path that may be relative to the caller's folder. Throws Errno. */
export function readFile(call: CommandCall, file: string): string {
  const path = call.path(file);
  return path === "/dev/null" ? "" : (ownCgroup(call.session, path) ?? call.machine.files.read(path));
}

function foldersTo(path: string): string[] {
  const names = path.split("/").slice(1);
  return names.map((_, depth) => `/${names.slice(0, depth + 1).join("/")}`);
}

function removeAll(call: CommandCall, path: string): void {
  const { files } = call.machine;
  if (files.status(path, { followLast: false }).kind === "directory") {
    for (const name of files.list(path)) removeAll(call, `${path}/${name}`);
  }
  files.remove(path);
}

/** `SOURCE… TARGET`, TARGET a file or a folder that takes them all. */
function toTarget(
  call: CommandCall,
  act: (from: string, to: string) => void,
  complain: (from: string, to: string, error: Errno) => string,
): CommandOutput {
  const { words } = splitOptions(call.args);
  const target = words.at(-1) ?? "";
  const path = call.path(target);
  const { files } = call.machine;
  const folder = files.exists(path) && files.status(path).kind === "directory";
  let stderr = "";
  for (const from of words.slice(0, -1)) {
    const to = folder ? `${path}/${from.slice(from.lastIndexOf("/") + 1)}` : path;
    try {
      act(from, to);
    } catch (error) {
      if (!isErrno(error)) throw error;
      stderr += `${complain(from, folder ? to : target, error)}\n`;
    }
  }
  return { stdout: "", stderr, exitCode: stderr === "" ? 0 : 1 };
}

/** st_dev of a file: the number of the block device whose mount point is nearest above it. */
function deviceNumber(call: CommandCall, file: string): number {
  const path = call.path(file);
  const above = call.machine.mounts
    .filter(({ point }) => path === point || path.startsWith(point === "/" ? "/" : `${point}/`))
    .sort((a, b) => b.point.length - a.point.length);
  const [major = 0, minor = 0] = (above[0]?.device ?? "0:0").split(":").map(Number);
  return major * 256 + minor;
}
