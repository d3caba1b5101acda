import { execFile } from "node:child_process";
import { PassthroughError, unable } from "../errors";
import type { SshConfigQuery, SshSettings } from "./ssh-settings";

/** `Match exec` runs commands, and CanonicalizeHostname asks name servers. */
const ANSWER_MS = 15_000;

/** The answers so far, by the arguments of ssh: nobody changes the configuration during a run. */
const answers = new Map<string, Promise<readonly Setting[] | undefined>>();

/** A line of the answer of `ssh -G`: a keyword in lower case, and its value as it stands. */
type Setting = readonly [keyword: string, value: string];

/**
 * Asks OpenSSH's own `ssh -G` what the user's configuration says of a host: one local process each, without a
 * connection. Undefined where there is no OpenSSH, or one before 6.8, which has no -G. `options` go before all others.
 * Throws PassthroughError with ssh's words for a configuration that it does not read, such as one with an unknown
 * keyword.
 */
export async function askOpenSsh(
  { address, user, port }: SshConfigQuery,
  env: NodeJS.ProcessEnv,
  options: readonly string[] = [],
): Promise<SshSettings | undefined> {
  const login = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", String(port)])];
  const [found, defaults] = await Promise.all([
    ask(address, [...options, ...login], env),
    ask("localhost", ["-F", "none"], env),
  ]);
  return (
    found &&
    defaults &&
    settingsIn(found, [...defaults.filter(([keyword]) => keyword !== "hostname"), ["hostname", address.toLowerCase()]])
  );
}

function ask(
  address: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly Setting[] | undefined> {
  const key = JSON.stringify([address, ...options]);
  const answer = answers.get(key) ?? run(address, options, env);
  answers.set(key, answer);
  return answer;
}

function run(
  address: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly Setting[] | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "ssh",
      ["-G", ...options, "--", address],
      { env, timeout: ANSWER_MS },
      (error, stdout, stderr) => {
        if (!error) return resolve(settingsOf(stdout));
        if (typeof error.code === "string" || /option -- G|No user exists/i.test(stderr)) return resolve(undefined);
        const purpose = `read the ssh config for ${address}`;
        const reason = error.killed
          ? `ssh -G did not answer within ${ANSWER_MS / 1000} s. Check what its Match exec runs`
          : `ssh said: ${stderr.trim()}. Check ~/.ssh/config`;
        reject(new PassthroughError(unable({ purpose, reason }), { purpose, cause: error }));
      },
    );
    child.stdin?.end();
  });
}

function settingsOf(answer: string): readonly Setting[] {
  return answer.split(/\r?\n/).flatMap((line) => {
    const [, keyword, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    // Since OpenSSH 9.2 the answer begins with what was asked.
    return !keyword || value === undefined || keyword === "host" ? [] : [[keyword.toLowerCase(), value] as const];
  });
}

/** What is as in ssh's defaults is left out: the defaults here, such as where ~ is, are decided by the caller. */
function settingsIn(found: readonly Setting[], defaults: readonly Setting[]): SshSettings {
  const standards = byKeyword(defaults);
  const first = new Map<string, readonly string[]>();
  let identityFiles: readonly string[] = [];
  for (const [keyword, own] of byKeyword(found)) {
    const standard = standards.get(keyword) ?? [];
    if (own.join("\n") === standard.join("\n")) continue;
    first.set(keyword, wordsOf(keyword, own[0] ?? "", standard[0] ?? ""));
    if (keyword === "identityfile") identityFiles = own;
  }
  return { first, identityFiles, notFollowed: [] };
}

function byKeyword(settings: readonly Setting[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const [keyword, value] of settings) values.set(keyword, [...(values.get(keyword) ?? []), value]);
  return values;
}

const ALGORITHMS = /^(kexalgorithms|hostkeyalgorithms|ciphers|macs|pubkeyaccepted(algorithms|keytypes))$/;

function wordsOf(keyword: string, value: string, standard: string): readonly string[] {
  // Files stand beside each other without quotes, so that a blank in front of anything else belongs to a name.
  if (keyword.endsWith("knownhostsfile")) return value.split(/\s+(?=[/~%$\\]|[A-Za-z]:[\\/])/);
  return [ALGORITHMS.test(keyword) ? asAddition(value.split(","), standard.split(",")) : value];
}

/** ssh prints what `+a` comes to. It is undone, since what ssh2 has besides is no more excluded than by ssh's `+a`. */
function asAddition(list: readonly string[], standard: readonly string[]): string {
  const added = list.slice(standard.length);
  return list.join() === [...standard, ...added].join() ? `+${added.join()}` : list.join();
}
