import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { isAbsolute, join, normalize, parse, sep } from "node:path";
import { PassthroughError, unable } from "../errors";
import type { LoginEnvironment } from "./resolved-login";
import { matchesPattern } from "./ssh-pattern";

/** Reads what decides a login on this machine: the environment variables and `~/.ssh/config`, where `HOME` is `~`. */
export function readLoginEnvironment(env: LoginEnvironment["env"]): LoginEnvironment {
  const home = env.HOME ?? homedir();
  const ssh = join(home, ".ssh");
  const included = (pattern: string): readonly string[] => {
    const path = pattern.startsWith("~/") ? join(home, pattern.slice(2)) : pattern;
    const files = filesMatching(isAbsolute(path) ? path : join(ssh, path));
    // ssh passes over a folder that an Include names.
    return files.flatMap((file) => (isFolder(file) ? [] : (readText(file) ?? [])));
  };
  return {
    configText: readText(join(ssh, "config")) ?? "",
    included,
    env,
    homedir: home,
    localUser: localUserName(env),
  };
}

/**
 * The text of a file, read as UTF-8; undefined when it does not exist. Throws PassthroughError when it cannot be read.
 */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const purpose = `read ${path}`;
    const reason = `${code}. Check that it is a file and that you may read it`;
    throw new PassthroughError(unable({ purpose, reason }), { purpose, cause: error });
  }
}

/** As glob(3) does it, part by part; Node 20 has no glob. */
function filesMatching(path: string): readonly string[] {
  const { root } = parse(path);
  const parts = normalize(path).slice(root.length).split(sep);
  return parts.reduce<readonly string[]>(
    (folders, part) => folders.flatMap((folder) => inFolder(folder, part)),
    [root],
  );
}

function inFolder(folder: string, part: string): readonly string[] {
  if (!/[*?[]/.test(part)) return [join(folder, part)];
  const matches = globMatcher(part);
  const names = readNames(folder).filter((name) => matches(name) && (!name.startsWith(".") || part[0] === "."));
  return names.sort().map((name) => join(folder, name));
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** `*`, `?` and `[a-z]`, which a `!` or `^` negates; a bracket that is never closed is itself (glob(7)). */
function globMatcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes("[")) return (name) => matchesPattern(pattern, name);
  const source = pattern.replace(
    /\[([!^]?)(\]?[^\]]*)\]|\*+|\?|[\\^$.|+()[\]{}]/g,
    (part, negated: string, set?: string) => {
      if (set !== undefined) return `[${negated === "" ? "" : "^"}${set.replace(/[\\\]^[]/g, "\\$&")}]`;
      return part.startsWith("*") ? ".*" : part === "?" ? "." : `\\${part}`;
    },
  );
  try {
    const expression = new RegExp(`^${source}$`);
    return (name) => expression.test(name);
  } catch {
    // A range that runs backwards holds nothing.
    return () => false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function localUserName(env: LoginEnvironment["env"]): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user id often has no entry in /etc/passwd.
    return env.USER ?? env.LOGNAME ?? "root";
  }
}
