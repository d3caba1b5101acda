import type { ClientChannel } from "ssh2";
import { fromBytes } from "../bytes";
import { ConnectionError, type ConnectionFailure, type ErrorDetails, unable } from "../errors";
import type { ScriptOptions, ScriptResult } from "./host";
import { ScriptInput } from "./script-input";
import { ScriptOutput } from "./script-output";
import type { SshLink } from "./ssh-link";

/** A script, and whom it runs as on which host. */
export interface Script {
  /** The address that the program gives; messages name the host by it. */
  readonly host: string;
  /** The user who is logged in. */
  readonly user: string;
  /** Whether that user becomes root by sudo. */
  readonly sudo: boolean;
  readonly text: Buffer;
}

/** How a run ended. `not-started`: nothing of the script was sent, so that it may be run again on another link. */
export type ScriptOutcome =
  | { readonly kind: "ended"; readonly result: ScriptResult }
  | { readonly kind: "not-started"; readonly error: ConnectionError };

const SILENCE_MS = 60_000;
const PULSES = 3;
/**
 * Milliseconds until a shell must have begun, or more where more is waited for the host's first bytes. sshd forks, and a
 * login shell reads its files: a home on NFS or a directory service may hang there for ever.
 */
export const START_MS = 60_000;

/**
 * Runs a script in a channel of its own. Throws ConnectionError when the link ends before it, when it does not begin or
 * end in time or prints too much, or when it does not run as root.
 */
export async function runScript(link: SshLink, script: Script, options: ScriptOptions): Promise<ScriptOutcome> {
  const { silenceMs = SILENCE_MS, startMs = START_MS, limitMs, conversation } = options;
  const silence = watchSilence(link, silenceMs);
  let reason: ConnectionError | undefined;
  // The whole link, since a host that does not keep to the rules need not answer the end of a channel either.
  const giveUp = (error: ConnectionError): void => {
    reason ??= error;
    link.cut();
  };
  const start = setTimeout(() => giveUp(noShell(script, startMs)), startMs);
  const limit = limitMs && setTimeout(() => giveUp(noEnd(script, limitMs)), limitMs);
  try {
    const channel = await openChannel(link, command(script));
    if (reason) throw reason;
    if (channel instanceof Error) {
      const why = silence.noticed() ?? channel.message;
      return { kind: "not-started", error: noSession(script.host, why, link.ended ? "cut" : "refused", channel) };
    }
    const input = new ScriptInput(channel, conversation);
    const output: ScriptOutput = new ScriptOutput((line) => {
      options.onLine?.(line);
      if (!input.isAwaited(line)) return;
      clearTimeout(limit);
      void input.reply(textBefore(line, output.stdout));
    });
    const take = (bytes: Buffer, stream: "out" | "err"): void => {
      silence.heard();
      output[stream](bytes);
      if (output.user !== undefined) clearTimeout(start);
      if (output.excess !== undefined) giveUp(flooded(script, output.excess));
    };
    channel.on("data", (bytes: Buffer) => take(bytes, "out"));
    channel.stderr.on("data", (bytes: Buffer) => take(bytes, "err"));
    const ended = exitOf(channel);
    input.begin(Buffer.concat([PREFACE, script.text]));
    const exit = await ended;
    if (input.thrown) throw input.thrown.error;
    if (reason) throw reason;
    if (exit.kind === "cut") throw cut(script.host, silence.noticed() ?? "the connection was closed");
    return { kind: "ended", result: asRoot(script, output, exit.code) };
  } finally {
    silence.stop();
    clearTimeout(start);
    clearTimeout(limit);
  }
}

// Sent before every script: at no extra round trip it tells who runs it, and where the output of login files ends.
const PREFACE = Buffer.from(
  `if [ "$(id -u)" = 0 ]; then echo '${ScriptOutput.START} root'; else echo "${ScriptOutput.START} $(id -un)"; exit 126; fi\n`,
);

// Fixed text, so that sudoers or a forced command can name it. The login shell may be a csh; the script's shell is sh.
function command({ sudo }: Script): string {
  return `${sudo ? "sudo -n " : ""}/bin/sh -s -- "$SSH_CONNECTION"`;
}

function textBefore(line: string, printed: string): string {
  return printed.slice(0, `\n${printed}`.indexOf(`\n${line}\n`));
}

function openChannel(link: SshLink, commandLine: string): Promise<ClientChannel | Error> {
  return new Promise((resolve) => {
    try {
      link.client.exec(commandLine, (error, channel) => resolve(error ?? channel));
    } catch (error) {
      // ssh2 throws "Not connected" between the last byte of the host and the close of the socket.
      link.cut();
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

type Exit = { readonly kind: "exit"; readonly code: number | null } | { readonly kind: "cut" };

function exitOf(channel: ClientChannel): Promise<Exit> {
  return new Promise((resolve) => {
    let exit: Exit = { kind: "cut" };
    channel.on("exit", (code: number | null) => {
      exit = { kind: "exit", code };
    });
    // ssh2 also closes the channels of a lost connection, without an exit.
    channel.on("close", () => resolve(exit));
    channel.on("error", () => resolve({ kind: "cut" }));
  });
}

function asRoot({ host, user, sudo }: Script, output: ScriptOutput, exitCode: number | null): ScriptResult {
  const { stdout, stderr } = output;
  if (output.user === "root") return { stdout, stderr, exitCode };
  if (output.user !== undefined) {
    const reason = sudo
      ? `sudo runs them as ${output.user}, not as root. The sudoers line must allow (root).`
      : `the login user there is ${output.user}, not root. ` +
        `Set \`user: "root"\`, or \`sudo: true\` if ${output.user} may run /bin/sh with sudo and without a password.`;
    throw scriptError("not-root", { purpose: "run scripts as root", host, reason });
  }
  const printed = fromBytes(stderr.trim() || output.noise.trim()).slice(0, 500);
  const end = exitCode === null ? "was killed by a signal" : `failed with exit code ${exitCode}`;
  const because = `the command ${end} and said: ${printed || "nothing"}.`;
  throw scriptError(
    "not-root",
    sudo
      ? {
          purpose: "become root with sudo",
          host,
          reason:
            `${because} Allow it in /etc/sudoers.d with the line "${user} ALL=(root) NOPASSWD: /bin/sh" ` +
            "(this is full root), or log in as root without `sudo`.",
          output: printed,
        }
      : {
          purpose: `start /bin/sh as ${user}`,
          host,
          reason: `${because} Check the login shell of ${user}, and authorized_keys for a forced command.`,
          output: printed,
        },
  );
}

function noSession(host: string, why: string, failure: "cut" | "refused", cause: Error): ConnectionError {
  const reason =
    failure === "cut"
      ? `the connection was lost before the script began (${why}).`
      : `the host refused to open a session (${why}). Check MaxSessions in its sshd_config.`;
  return scriptError(failure, { purpose: "run a script", host, reason, cause });
}

function noShell({ host, user }: Script, waitedMs: number): ConnectionError {
  const reason =
    `the login as ${user} succeeded, but no shell began within ${waitedMs / 1000} s. ` +
    `Log in by hand and look at what hangs: often the home directory (NFS), a directory service, or ${user}'s profile.`;
  return scriptError("no-answer", { purpose: "start /bin/sh", host, reason });
}

function noEnd({ host }: Script, waitedMs: number): ConnectionError {
  const reason =
    `the script did not end within ${waitedMs / 1000} s. Look on the host for the program that hangs ` +
    "(ps -ef --forest, below sshd), and try again.";
  return scriptError("no-answer", { purpose: "wait for a script", host, reason });
}

function flooded({ host }: Script, excess: string): ConnectionError {
  const reason =
    `it printed ${excess}, and was cut off. Look for a program that prints without end: the profile of the login ` +
    "shell, or a command of the toolstack.";
  return scriptError("too-much-output", { purpose: "keep what a script prints", host, reason });
}

function cut(host: string, why: string): ConnectionError {
  const message =
    `Lost the connection to ${host} while a script was running: ${why}. The script may have run to its end. ` +
    "Run the same command again to see what it did.";
  return new ConnectionError("cut", message, { purpose: "run a script", host });
}

function scriptError(
  failure: ConnectionFailure,
  { reason, ...details }: ErrorDetails & { readonly purpose: string; readonly host: string; readonly reason: string },
): ConnectionError {
  return new ConnectionError(failure, unable({ ...details, reason }), details);
}

/** Cuts the link when the host stays silent for this long: a script may be slow, but sshd always answers. */
function watchSilence(link: SshLink, silenceMs: number) {
  let unanswered = 0;
  let noticed: string | undefined;
  const heard = (): void => {
    unanswered = 0;
  };
  const pulse = setInterval(() => {
    if (unanswered >= PULSES) {
      noticed = `the host sent nothing for ${silenceMs / 1000} s`;
      return link.cut();
    }
    unanswered += 1;
    try {
      // A request that every server must answer (RFC 4254, 4), if only with a refusal. ssh2's own keepalive has a timer
      // that would keep the process alive on an idle connection, and cannot be set per script.
      link.client.unforwardIn("127.0.0.1", 1, heard);
    } catch {
      // The link is ending, and its close event follows.
    }
  }, silenceMs / PULSES);
  return { heard, noticed: () => noticed, stop: () => clearInterval(pulse) };
}
