import { formatEffects } from "../../provider/resources/effect-lines";
import type { Log } from "../../provider/resources/log";
import type { Urn } from "../../provider/resources/urn";

/** A log that calls `said` with each message as a terminal without colours shows it. */
export function collectedLog(said: (text: string, urn: Urn | undefined) => void, status = ""): Log {
  return {
    info: async (line, urn) => said(line, urn),
    warn: async (line, urn) => said(`warning: ${line}`, urn),
    effects: async (host, effects, urn) => said(withoutColors(formatEffects(host, effects)), urn),
    status: async (line, urn) => said(`${status}${line}`, urn),
  };
}

/** Takes the engine's tags for colours out of a text. */
export function withoutColors(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>/g, "");
}
