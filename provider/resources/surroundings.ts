import type { EngineLog } from "./engine-log";
import type { EngineRun } from "./engine-run";
import type { HostFor } from "./wanted";

/** What resources need from the process around them. */
export interface Surroundings {
  readonly hostFor: HostFor;
  readonly log: EngineLog;
  readonly env: NodeJS.ProcessEnv;
  readonly run: EngineRun;
}
