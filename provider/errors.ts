/** What an error is about, for those who handle it; its message says the same in words. */
export interface ErrorDetails {
  /** `make 0000:01:00.0 assignable` */
  readonly purpose?: string;
  readonly host?: string;
  readonly device?: string;
  /** The guard that refused. */
  readonly guard?: string;
  /** The step that failed. */
  readonly step?: string;
  /** What the host printed. */
  readonly output?: string;
}

/** The one error of this project that a user sees; everything else that is thrown is a bug. */
export class PassthroughError extends Error {
  override readonly name: string = "PassthroughError";

  constructor(
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How every message begins that says what could not be done: `Unable to … on …: because of this, and do that`. */
export function unable(purpose: string, host: string, reason: string): string {
  return `Unable to ${purpose} on ${host}: ${reason}`;
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
    super(message, {}, options);
  }

  /** The host was not reached at all: a preview may go on without its facts (a pull request's CI often has no way in). */
  get unreached(): boolean {
    return UNREACHED.includes(this.failure);
  }
}
