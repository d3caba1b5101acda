import type { Plan } from "../plan/plan";
import type { Log } from "./log";
import type { Urn } from "./urn";

/**
 * Says under a resource what plans do to its host. The first line is all that stands beside the resource while the
 * engine runs.
 */
export async function tellEffects(log: Log, urn: Urn, host: string, plans: readonly Plan[]): Promise<void> {
  const lines = plans.flatMap(({ effects, warnings }) => [
    ...effects,
    ...warnings.map((warning) => `note: ${warning}`),
  ]);
  if (lines.length > 0) await log.info(`${host}: ${lines.join("\n  ")}`, urn);
}
