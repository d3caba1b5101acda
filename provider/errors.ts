import { printable } from "./printable";

/** What is known about a failure; each field is set only where it is known. */
export interface ErrorDetails {
  /** What was to be done, as it follows "Unable to": `make 0000:01:00.0 assignable`. */
  readonly purpose?: string | undefined;
  /** The host, by the address that the program gives. */
  readonly host?: string | undefined;
  /** Address of the PCI function or slot: `0000:01:00.0`. */
  readonly device?: string | undefined;
  /** Name of the guard that refused. */
  readonly guard?: string | undefined;
  /** The step that failed. */
  readonly step?: string | undefined;
  /** What the host printed. */
  readonly output?: string | undefined;
  /** The error behind this one. Never holds a secret. */
  readonly cause?: unknown;
}

/**
 * The only error of this project that is meant for users; anything else that is thrown is a bug. Control characters in
 * what a host said are made visible.
 */
export class PassthroughError extends Error implements ErrorDetails {
  override readonly name: string = "PassthroughError";
  // Declared alone: a field that is not known must not show as `undefined` when Node prints the error.
  declare readonly purpose?: string;
  declare readonly host?: string;
  declare readonly device?: string;
  declare readonly guard?: string;
  declare readonly step?: string;
  declare readonly output?: string;

  constructor(message: string, { cause, ...fields }: ErrorDetails = {}) {
    super(printable(message), cause === undefined ? undefined : { cause });
    const known = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, printable(value)] as const],
    );
    Object.assign(this, Object.fromEntries(known));
  }
}

interface Unable {
  readonly purpose: string;
  readonly host?: string | undefined;
  readonly reason: string;
}

/** Words an error message: `Unable to <purpose> on <host>: <reason>.` Leave `host` out where the purpose names it. */
export function unable({ purpose, host, reason }: Unable): string {
  return printable(`Unable to ${purpose}${host === undefined ? "" : ` on ${host}`}: ${sentence(reason)}`);
}

/** The text with a period at its end, unless it ends like a sentence, or with lines that are to be copied. */
export function sentence(text: string): string {
  return /[.?!]$|\n {4}[^\n]*$/.test(text) ? text : `${text}.`;
}

/** Lines that are to be copied, as they follow a colon. */
export function toCopy(...lines: readonly string[]): string {
  return lines.map((line) => `\n    ${line}`).join("");
}

/** Why a script could not be run on a host, or why its result was lost. */
export type ConnectionFailure =
  | "name-not-found"
  | "refused"
  | "no-answer"
  | "no-credentials"
  | "key-unusable"
  | "credentials-rejected"
  | "host-key-unknown"
  | "host-key-wrong"
  | "no-common-algorithm"
  | "not-root"
  | "too-much-output"
  | "cut";

const UNREACHED: readonly ConnectionFailure[] = ["name-not-found", "refused", "no-answer", "no-credentials"];

/** A host could not be reached, logged in to or kept in contact with; the message says which, why, and what to do. */
export class ConnectionError extends PassthroughError {
  override readonly name: string = "ConnectionError";

  constructor(
    readonly failure: ConnectionFailure,
    message: string,
    details?: ErrorDetails,
  ) {
    super(message, details);
  }

  /**
   * True when the host could not be reached at all: a preview may go on without it (CI for pull requests often has no
   * access).
   */
  get unreached(): boolean {
    return UNREACHED.includes(this.failure);
  }
}
