import type { ResourceKind } from "../claims/claim-key";
import type { EngineRun } from "./engine-run";
import type { Log } from "./log";
import type { HostFor } from "./wanted";

/** What resources need from the process around them. */
export interface Surroundings {
  readonly hostFor: HostFor;
  readonly log: Log;
  readonly env: NodeJS.ProcessEnv;
  readonly run: EngineRun;
  /** The type of a kind in URNs: `pci-passthrough:index:AssignableDevice`. */
  readonly typeOf: (kind: ResourceKind) => string;
}
