import type { ClientChannel } from "ssh2";
import { ConnectionError } from "../errors";
import type { ScriptOptions, ScriptResult } from "./host";
import { ScriptOutput } from "./script-output";
import type { SshLink } from "./ssh-link";

export interface Script {
  /** How messages name the host. */
  readonly host: string;
  readonly user: string;
  readonly sudo: boolean;
  readonly text: Buffer;
}

/** `not-started`: the link was dead before anything of the script was sent, so that it may be run on another one. */
export type ScriptOutcome =
  | { readonly kind: "ended"; readonly result: ScriptResult }
  | { readonly kind: "not-started"; readonly error: ConnectionError };

const SILENCE_MS = 60_000;
const PULSES = 3;

/** Runs one script on a link, in one channel. Throws ConnectionError when the link ends first or we are not root. */
export async function runScript(link: SshLink, script: Script, options: ScriptOptions): Promise<ScriptOutcome> {
  const silence = watchSilence(link, options.silenceMs ?? SILENCE_MS);
  try {
    const channel = await openChannel(link, command(script));
    if (channel instanceof Error) {
      const why = silence.noticed() ?? channel.message;
      return { kind: "not-started", error: sessionRefused(script.host, why, link.ended, channel) };
    }
    const output = new ScriptOutput(options.onLine);
    channel.on("data", (bytes: Buffer) => {
      silence.heard();
      output.out(bytes);
    });
    channel.stderr.on("data", (bytes: Buffer) => {
      silence.heard();
      output.err(bytes);
    });
    const ended = exitOf(channel);
    channel.end(Buffer.concat([PREFACE, script.text]));
    const exit = await ended;
    if (exit.kind === "cut") throw cut(script.host, silence.noticed() ?? "the connection was closed");
    return { kind: "ended", result: asRoot(script, output, exit.code) };
  } finally {
    silence.stop();
  }
}

// Runs in front of every script: it costs no round trip, tells root from others, and where the noise of login files ends.
const PREFACE = Buffer.from(
  `if [ "$(id -u)" = 0 ]; then echo '${ScriptOutput.START} root'; else echo "${ScriptOutput.START} $(id -un)"; exit 126; fi\n`,
);

// Fixed text, so that a sudoers line or a forced command can name it; the login shell may be a csh, the script's shell is sh.
function command({ sudo }: Script): string {
  return `${sudo ? "sudo -n " : ""}/bin/sh -s -- "$SSH_CONNECTION"`;
}

function openChannel(link: SshLink, commandLine: string): Promise<ClientChannel | Error> {
  return new Promise((resolve) => {
    try {
      link.client.exec(commandLine, (error, channel) => resolve(error ?? channel));
    } catch (error) {
      // ssh2 throws "Not connected" between the host's last byte and the close of the socket.
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
    // ssh2 closes the channels of a lost connection too, and gives those no exit.
    channel.on("close", () => resolve(exit));
    channel.on("error", () => resolve({ kind: "cut" }));
  });
}

function asRoot({ host, user, sudo }: Script, output: ScriptOutput, exitCode: number | null): ScriptResult {
  const { stdout, stderr } = output;
  if (output.user === "root") return { stdout, stderr, exitCode };
  if (output.user !== undefined) {
    const advice = sudo
      ? "sudo gave another user than root: its sudoers line must allow (root)."
      : 'Set `user: "root"`, or `sudo: true` when that user may run /bin/sh with sudo and without a password.';
    throw new ConnectionError(
      "not-root",
      `Unable to work on ${host}: we are ${output.user} there and not root. ${advice}`,
    );
  }
  const said = (stderr.trim() || output.noise.trim() || "nothing").slice(0, 500);
  const because = `the host ended with exit code ${exitCode} and said: ${said}`;
  throw new ConnectionError(
    "not-root",
    sudo
      ? `Unable to become root on ${host} with sudo: ${because}. Allow it in /etc/sudoers.d with the line ` +
          `"${user} ALL=(root) NOPASSWD: /bin/sh" (this is full root), or log in as root without \`sudo\`.`
      : `Unable to start /bin/sh on ${host} as ${user}: ${because}. Check that user's login shell, and that no forced ` +
          "command of its key stands in the way.",
  );
}

function sessionRefused(host: string, why: string, ended: boolean, cause: Error): ConnectionError {
  return ended
    ? new ConnectionError(
        "cut",
        `Unable to run a script on ${host}: the connection was cut before it began (${why}).`,
        { cause },
      )
    : new ConnectionError(
        "refused",
        `Unable to run a script on ${host}: it opened no session (${why}). Check MaxSessions and PermitTTY in its sshd_config.`,
        { cause },
      );
}

function cut(host: string, why: string): ConnectionError {
  return new ConnectionError(
    "cut",
    `Lost ${host} while a script ran there: ${why}. The script may have run to its end; run again to see what became of it.`,
  );
}

/** Cuts the link when the host answers nothing for so long; a script may take its time, but sshd answers all the while. */
function watchSilence(link: SshLink, silenceMs: number) {
  let unanswered = 0;
  let noticed: string | undefined;
  const heard = (): void => {
    unanswered = 0;
  };
  const pulse = setInterval(() => {
    if (unanswered >= PULSES) {
      noticed = `nothing was heard for ${silenceMs / 1000} s`;
      return link.cut();
    }
    unanswered += 1;
    try {
      // A request that every server must answer (RFC 4254, 4), if only with a refusal. ssh2's own keepalive has a timer that
      // would keep the process alive on an idle connection, and it cannot be given per script.
      link.client.unforwardIn("127.0.0.1", 1, heard);
    } catch {
      // The link is ending; its close is told to whoever waits.
    }
  }, silenceMs / PULSES);
  return { heard, noticed: () => noticed, stop: () => clearInterval(pulse) };
}
