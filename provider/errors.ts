/** The one error of this project that a user sees; everything else that is thrown is a bug. */
export class PassthroughError extends Error {
  override readonly name: string = "PassthroughError";
}

/** Why no script could be run on a host. */
export type ConnectionFailure =
  | "name-not-found"
  | "refused"
  | "no-answer"
  | "no-credentials"
  | "credentials-rejected"
  | "host-key-unknown"
  | "host-key-wrong"
  | "no-common-algorithm"
  | "not-root"
  | "cut";

const UNREACHED: readonly ConnectionFailure[] = ["name-not-found", "refused", "no-answer", "no-credentials"];

/** No script could be run on the host; the message says which host, why, and what to do. */
export class ConnectionError extends PassthroughError {
  override readonly name: string = "ConnectionError";

  constructor(
    readonly failure: ConnectionFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The host was not reached at all: a preview may go on without its facts (a pull request's CI often has no way in). */
  get unreached(): boolean {
    return UNREACHED.includes(this.failure);
  }
}
