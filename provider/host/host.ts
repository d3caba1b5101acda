/** The result of a script. Text is bytes as Latin-1 characters, so that any file survives the way there and back. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended the script. */
  readonly exitCode: number | null;
}

/**
 * What makes a run a conversation: the last line of the script reads the rest of standard input, and the script says on
 * a line of its own when it is that far. A test double prints, calls `reply` once and goes by what it gets.
 *
 *     const script = 'echo 5; echo @waiting; rest=$(cat); eval "$rest"; exit\n';
 *     await host.run(script, { conversation: { until: "@waiting", reply: (printed) => `echo got ${printed}` } });
 */
export interface Conversation {
  /** The line, without its end, by which the script says that it waits. */
  readonly until: string;
  /**
   * Called with what the script printed before that line, once, and not at all when the script never gets there. What
   * it resolves with is sent, and ends standard input. What it throws or rejects with, `run` rejects with; nothing is
   * sent then.
   */
  reply(printed: string): string | Promise<string>;
}

/** How a script is run. */
export interface ScriptOptions {
  /** Default: standard input ends with the script. */
  readonly conversation?: Conversation;
  /** Called with each complete line of standard output as it arrives, without its line end. */
  readonly onLine?: (line: string) => void;
  /**
   * Milliseconds that the script may take, in a conversation until it waits for its reply. Then it counts as a host that
   * does not answer; it may run on. Default: no limit. What follows a reply has none: the steps have their own.
   */
  readonly limitMs?: number;
  /** Milliseconds until a shell must have begun. Default: 60,000, or what is waited for the host's first bytes if longer. */
  readonly startMs?: number;
  /** Milliseconds without any sign of life until the connection counts as cut. Default: 60,000. */
  readonly silenceMs?: number;
}

/** A host that is logged in to, and on which scripts run as root. */
export interface Host {
  /** The address that the program gives; messages name the host by it. */
  readonly name: string;
  /**
   * Runs a POSIX sh script as root. `$1` is sshd's `SSH_CONNECTION` ("clientip clientport serverip serverport", empty
   * where the server does not set it). Each character of the script stands for a byte. Throws ConnectionError when the
   * connection ends before the script does, when the login does not lead to root, when no session or shell begins
   * within a minute (`no-answer`), and when more is printed than can be kept (`too-much-output`).
   */
  run(script: string, options?: ScriptOptions): Promise<ScriptResult>;
}

/** How to log in to a host: the resource input `host`, validated and with secrets in plain text. */
export interface HostLogin {
  /** DNS name, IP address or alias of `~/.ssh/config`. */
  readonly address: string;
  /** What messages call the host. Default: its address. */
  readonly name?: string | undefined;
  /** Default: the ssh config's, else 22. */
  readonly port?: number | undefined;
  /** Default: the ssh config's, else the local user's name. */
  readonly user?: string | undefined;
  /** Path of a private key on this machine; `~` and the tokens of ssh_config(5) are expanded. */
  readonly identityFile?: string | undefined;
  /** The text of a private key. */
  readonly privateKey?: string | undefined;
  readonly password?: string | undefined;
  /** For `privateKey` and the identity files. */
  readonly passphrase?: string | undefined;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly hostKey?: string | undefined;
  /** `user@bastion:22`, several separated by commas, or `none`. Default: the ssh config's. */
  readonly proxyJump?: string | undefined;
  /** Whether scripts run through `sudo -n /bin/sh`. Default: false. */
  readonly sudo?: boolean | undefined;
}
