import type { HostInput } from "../plan/inputs/host-input";
import type { DeclaredProgram } from "./declared-program";
import type { Urn } from "./urn";

/** What an adapter tells of one call of the engine. */
export interface Call {
  /** The resource that it is about, in whose name things are done, and under which lines stand. */
  readonly urn: Urn;
  /** What the program declares; undefined where none runs, as in refresh and destroy. */
  readonly program: DeclaredProgram | undefined;
  /** Every host of the program; undefined where that is not told, or by another call of the run. */
  readonly hosts: readonly HostInput[] | undefined;
  /** Whether nothing is to be changed, and it may go on where a host is not reached. */
  readonly preview: boolean;
  /** Ends what waits, and lets an apply that has begun go to its end; undefined where nobody can end it. */
  readonly signal: AbortSignal | undefined;
}
