import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir, hostname, type UserInfo, userInfo } from "node:os";
import { isAbsolute, join, normalize, parse, sep } from "node:path";
import { PassthroughError, unable } from "../errors";
import { askOpenSsh } from "./openssh";
import type { LoginEnvironment } from "./resolved-login";
import { type ReadIncluded, readSshConfig } from "./ssh-config-file";
import { matchesPattern } from "./ssh-pattern";

/**
 * Reads what decides a login on this machine: the environment variables, and the ssh configuration of the user. That
 * is asked of OpenSSH. Our own reader is for where there is none, and for a HOME that is not the user's, since ssh
 * looks that up in passwd(5) alone.
 */
export function readLoginEnvironment(env: LoginEnvironment["env"]): LoginEnvironment {
  const home = env.HOME ?? homedir();
  const user = currentUser();
  const config = join(home, ".ssh", "config");
  return {
    settings: async (query) =>
      (home === user?.homedir ? await askOpenSsh(query, env) : undefined) ??
      readSshConfig(readText(config) ?? "", query, includesOf(home)),
    env,
    homedir: home,
    homeOf: (name) => homeIn(readText("/etc/passwd") ?? "", name),
    localUser: user?.username ?? env.USER ?? env.LOGNAME ?? "root",
    localUid: process.getuid?.(),
    localHost: hostname(),
  };
}

/** The home of a user by the text of /etc/passwd; undefined for one that it does not have. */
export function homeIn(passwd: string, user: string): string | undefined {
  const entries = passwd.split("\n").map((line) => line.split(":"));
  return entries.find(([name]) => name === user)?.[5];
}

/** Reads what Include names in the ssh config in a home. */
export function includesOf(home: string): ReadIncluded {
  return (pattern) => {
    const path = pattern.startsWith("~/") ? join(home, pattern.slice(2)) : pattern;
    const files = filesMatching(isAbsolute(path) ? path : join(home, ".ssh", path));
    // ssh passes over a folder that an Include names.
    return files.flatMap((file) => (isFolder(file) ? [] : (readText(file) ?? [])));
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

/** Undefined in a container whose user id has no entry in /etc/passwd. */
function currentUser(): UserInfo<string> | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}
