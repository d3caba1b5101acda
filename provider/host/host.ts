/** The result of a script. Text is bytes as Latin-1 characters, so that any file survives the way there and back. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended the script. */
  readonly exitCode: number | null;
}

/** How a script is run. */
export interface ScriptOptions {
  /** Called with each complete line of standard output as it arrives, without its line end. */
  readonly onLine?: (line: string) => void;
  /**
   * Milliseconds that the script may take. Then it counts as a host that does not answer; it may run on. Default: no
   * limit, as for an apply, whose steps have their own.
   */
  readonly limitMs?: number;
  /** Milliseconds until a shell must have begun. Default: 60,000. */
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
