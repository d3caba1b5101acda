import { PassthroughError, unable } from "../errors";
import { matchesPatterns } from "./ssh-pattern";
import type { SshConfigQuery, SshSettings } from "./ssh-settings";

/**
 * A line as ssh-config's parser returns it; comments have no `param`, and sections (Host, Match) have lines of their
 * own.
 */
interface ConfigLine {
  readonly param?: string;
  readonly value?: string | readonly { readonly val: string }[];
  readonly config?: Iterable<ConfigLine>;
}

// ssh-config 5.3.0 has a CommonJS build, but its types are an ES module's, so TypeScript refuses to import them here.
const { parse } = require("ssh-config") as { parse(text: string): Iterable<ConfigLine> };

/** Returns the texts of the files that an Include directive names, in order; empty when there are none. */
export type ReadIncluded = (pattern: string) => readonly string[];

// The limit of ssh as well (OpenSSH 9.9, readconf.c, READCONF_MAX_DEPTH).
const MAX_INCLUDE_DEPTH = 16;

/**
 * Reads an ssh_config(5) text for a single host, where there is no OpenSSH to ask. `Host`, `Include` and `Match` with
 * `all`, `host`, `originalhost`, `user` and `localuser` work as in ssh. A `Match` with any other criterion (`exec`,
 * `final`, `canonical`, `tagged`, …) never applies, and is among `notFollowed`.
 *
 * It does not use ssh-config's `compute` (5.3.0), because that does not follow Include, starts a shell for `Match exec`
 * unless told otherwise, and always runs nslookup for CanonicalizeHostname. Throws PassthroughError for a text that is
 * not a valid ssh_config.
 */
export function readSshConfig(text: string, query: SshConfigQuery, included: ReadIncluded): SshSettings {
  const first = new Map<string, readonly string[]>();
  const identityFiles: string[] = [];
  const notFollowed = new Set<string>();

  const take = (key: string, words: readonly string[]): void => {
    if (key === "identityfile") identityFiles.push(...words);
    else if (!first.has(key)) first.set(key, words);
  };
  const walk = (lines: Iterable<ConfigLine>, depth: number): void => {
    for (const line of lines) {
      if (!line.param) continue;
      const key = line.param.toLowerCase();
      if (line.config) {
        if (applies(key, wordsOf(line), query, first, notFollowed)) walk(line.config, depth);
      } else if (key === "include") {
        if (depth === MAX_INCLUDE_DEPTH)
          throw unreadable(
            `Include is nested more than ${MAX_INCLUDE_DEPTH} levels deep. Check for a file that includes itself`,
          );
        for (const pattern of wordsOf(line)) {
          for (const file of included(pattern)) walk(parseLines(file), depth + 1);
        }
      } else {
        take(key, wordsOf(line));
      }
    }
  };
  walk(parseLines(text), 0);
  return { first, identityFiles, notFollowed: [...notFollowed] };
}

function parseLines(text: string): Iterable<ConfigLine> {
  try {
    // ssh accepts CR LF as a line end; ssh-config 5.3.0 would keep the CR before a comment.
    return parse(text.replaceAll("\r\n", "\n"));
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(reason: string, cause?: unknown): PassthroughError {
  const purpose = "read the ssh config";
  return new PassthroughError(unable({ purpose, reason }), { purpose, cause });
}

function wordsOf({ value = [] }: ConfigLine): readonly string[] {
  return typeof value === "string" ? [value] : value.map(({ val }) => val);
}

type Settings = ReadonlyMap<string, readonly string[]>;

function applies(
  section: string,
  words: readonly string[],
  query: SshConfigQuery,
  settings: Settings,
  notFollowed: Set<string>,
): boolean {
  if (section === "host") return matchesPatterns(words, query.address);
  for (let index = 0; index < words.length; ) {
    const criterion = (words[index] ?? "").toLowerCase();
    if (criterion === "all") {
      index += 1;
      continue;
    }
    const negated = criterion.startsWith("!");
    const subject = subjectOf(negated ? criterion.slice(1) : criterion, query, settings);
    if (subject === undefined) {
      notFollowed.add(`Match ${criterion}`);
      return false;
    }
    // Names of hosts are the same in any letters here, though not behind Host (OpenSSH 9.2, match_hostname; seen).
    const inCase = (text: string) => (/host$/.test(criterion) ? text.toLowerCase() : text);
    const patterns = inCase(words[index + 1] ?? "").split(",");
    if (matchesPatterns(patterns, inCase(subject)) === negated) return false;
    index += 2;
  }
  return true;
}

function subjectOf(criterion: string, query: SshConfigQuery, settings: Settings): string | undefined {
  if (criterion === "host") return settings.get("hostname")?.[0] ?? query.address;
  if (criterion === "originalhost") return query.address;
  if (criterion === "user") return query.user ?? settings.get("user")?.[0] ?? query.localUser;
  if (criterion === "localuser") return query.localUser;
  return undefined;
}
