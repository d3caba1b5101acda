/** What one script said. Text is bytes as Latin-1 characters, so that any file survives the way there and back. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended the script. */
  readonly exitCode: number | null;
}

export interface ScriptOptions {
  /** Called with each whole line of standard output as it arrives. */
  readonly onLine?: (line: string) => void;
  /** Longest silence in milliseconds before the connection counts as cut. */
  readonly silenceMs?: number;
}

/** A host that was reached and on which we are root. */
export interface Host {
  /** How messages name the host: the address that the program gives. */
  readonly name: string;
  /**
   * Runs one POSIX sh script as root, `$1` being the address of the host that this SSH session came in on.
   * Throws ConnectionError when the connection ends before the script does.
   */
  run(script: string, options?: ScriptOptions): Promise<ScriptResult>;
}

/** How to log in to a host: the resource input `host`, checked and with secrets in clear. */
export interface HostLogin {
  readonly address: string;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly identityFile?: string | undefined;
  readonly privateKey?: string | undefined;
  readonly password?: string | undefined;
  readonly passphrase?: string | undefined;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly hostKey?: string | undefined;
  readonly proxyJump?: string | undefined;
  readonly sudo?: boolean | undefined;
}
