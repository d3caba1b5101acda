import type { Effect } from "../plan/effect";
import type { Urn } from "./urn";

/** Writes lines for the user; control characters in them are made visible. */
export interface Log {
  /** Under the resource with this URN; under the stack without. */
  info(line: string, urn?: Urn): Promise<void>;
  warn(line: string, urn?: Urn): Promise<void>;
  /** Under the resource: what changes on this host, in colours where the terminal has them. */
  effects(host: string, effects: readonly Effect[], urn: Urn): Promise<void>;
  /** What a resource waits for now: shown beside it until the next such line. */
  status(line: string, urn: Urn): Promise<void>;
}
