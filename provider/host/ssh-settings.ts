/** What the user's ssh configuration says of a host, beyond ssh's own defaults. */
export interface SshSettings {
  /** Keywords in lower case, each with its words: the first value that applies. */
  readonly first: ReadonlyMap<string, readonly string[]>;
  /** Every IdentityFile, in order, unexpanded. */
  readonly identityFiles: readonly string[];
  /** What was passed over, for people: `Match exec`. */
  readonly notFollowed: readonly string[];
}

/** The login that the configuration is asked about. */
export interface SshConfigQuery {
  /** The address as given, before HostName applies. */
  readonly address: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly localUser: string;
}
