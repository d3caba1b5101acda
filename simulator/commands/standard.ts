/** Programs that just-bash brings along and that behave as those of Debian do, as far as administrators' scripts go. */
export const STANDARD_PROGRAMS = [
  ...["awk", "base64", "basename", "comm", "cut", "diff", "dirname", "du", "echo", "env", "expr", "false", "find"],
  ...[
    "fold",
    "gunzip",
    "gzip",
    "head",
    "join",
    "md5sum",
    "nl",
    "od",
    "paste",
    "printenv",
    "printf",
    "pwd",
    "sed",
    "seq",
  ],
  ...["sha1sum", "sha256sum", "sleep", "sort", "split", "strings", "tac", "tail", "tar", "tee", "time", "tr"],
  ...["true", "uniq", "which", "xargs", "zcat"],
] as const;

/** Commands that the shell itself has; just-bash lacks them. */
export const SHELL_BUILTINS: readonly string[] = ["trap", "umask", "ulimit", "kill"];

/** Programs of just-bash that ours stand in front of and call. */
export const WRAPPED_PROGRAMS = ["grep", "chmod", "date"] as const;
