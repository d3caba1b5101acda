import { sentence } from "../errors";
import { type Effect, neither } from "../plan/effect";
import type { Plan } from "../plan/plan";
import { printable } from "../printable";
import type { Log } from "./log";
import type { Urn } from "./urn";

/** Says under a resource what plans do to its host. */
export async function tellEffects(log: Log, urn: Urn, host: string, plans: readonly Plan[]): Promise<void> {
  const told = plans.flatMap(({ effects, warnings }) => [
    ...effects,
    ...warnings.map((warning) => neither(noteOf(warning))),
  ]);
  if (told.length > 0) await log.effects(host, told, urn);
}

/** What is said beside the effects: a sentence, as errors and warnings are. Effects themselves are lines of a list. */
export function noteOf(warning: string): string {
  return `note: ${sentence(warning)}`;
}

/**
 * The colours that Pulumi gives to what it deletes and creates, as tags that the engine's display makes colours of, or
 * takes out where the terminal has none (pulumi, sdk/go/common/diag/colors/colors.go, 3.259).
 */
const COLORS: Readonly<Record<Effect["kind"], string>> = { loss: "<{%fg 1%}>", gain: "<{%fg 2%}>", neither: "" };
const RESET = "<{%reset%}>";

/**
 * Effects on a host as one message for the engine, each on a line of its own. The first line is all that stands beside
 * the resource while the engine runs.
 */
export function formatEffects(host: string, effects: readonly Effect[]): string {
  const lines = effects.map(({ kind, text }) => {
    const color = COLORS[kind];
    return color === "" ? printable(text) : `${color}${printable(text)}${RESET}`;
  });
  return `${printable(host)}: ${lines.join("\n  ")}`;
}
