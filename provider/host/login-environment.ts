import { readdirSync, readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
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

// Wildcards in the last part of the path alone: `config.d/*` is what people write, and Node 20 has no glob.
function filesMatching(path: string): readonly string[] {
  if (!/[*?]/.test(basename(path))) return [path];
  try {
    const names = readdirSync(dirname(path)).filter(
      (name) => matchesPattern(basename(path), name) && !name.startsWith("."),
    );
    return names.sort().map((name) => join(dirname(path), name));
  } catch {
    return [];
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
