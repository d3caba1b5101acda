/** What one script said. Text is bytes as Latin-1 characters, so that any file survives the way there and back. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended the script. */
  readonly exitCode: number | null;
}

export interface ScriptOptions {
  /** Called with each whole line of standard output as it arrives, without its line end. */
  readonly onLine?: (line: string) => void;
  /** Longest silence in milliseconds before the connection counts as cut; 60 seconds by default. */
  readonly silenceMs?: number;
}

/** A host that was reached and on which we are root. */
export interface Host {
  /** How messages name the host: the address that the program gives. */
  readonly name: string;
  /**
   * Runs one POSIX sh script as root, `$1` being the SSH session as sshd's `SSH_CONNECTION` gives it
   * ("clientip clientport serverip serverport", empty where the server does not set it). Each character of the script
   * is one byte. Throws ConnectionError when the connection ends before the script does, and when we are not root.
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
