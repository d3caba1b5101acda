import { readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { PassthroughError } from "../errors";
import { wildcardExpression } from "./algorithms";
import type { LoginSurroundings } from "./resolved-login";

/** Reads what decides a login on this machine: the environment and `~/.ssh/config`. `HOME` says where `~` is. */
export function readLoginSurroundings(env: LoginSurroundings["env"]): LoginSurroundings {
  const home = env.HOME ?? homedir();
  const ssh = join(home, ".ssh");
  const included = (pattern: string): readonly string[] => {
    const path = pattern.startsWith("~/") ? join(home, pattern.slice(2)) : pattern;
    return filesMatching(isAbsolute(path) ? path : join(ssh, path)).flatMap((file) => readText(file) ?? []);
  };
  return {
    configText: readText(join(ssh, "config")) ?? "",
    included,
    env,
    homedir: home,
    localUser: localUserName(env),
  };
}

/** The text of a file as UTF-8, or undefined when there is none. Throws PassthroughError when it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new PassthroughError(`Unable to read ${path}: ${code}`, {}, { cause: error });
  }
}

// Wildcards in the file's name alone: `config.d/*` is what people write, and Node 20 has no glob of its own.
function filesMatching(path: string): readonly string[] {
  if (!/[*?]/.test(basename(path))) return [path];
  const matches = wildcardExpression(basename(path));
  try {
    const names = readdirSync(dirname(path)).filter((name) => matches.test(name) && !name.startsWith("."));
    return names.sort().map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}

function localUserName(env: LoginSurroundings["env"]): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user id often has no entry in /etc/passwd.
    return env.USER ?? env.LOGNAME ?? "root";
  }
}
