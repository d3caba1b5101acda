import { formatEffects } from "../../provider/resources/effect-lines";
import type { Log } from "../../provider/resources/log";
import type { Urn } from "../../provider/resources/urn";
import { endsLikeSentence } from "../readable-message";

/**
 * A log that calls `said` with each message as a terminal without colours shows it. What is no effect but said to people
 * ends like a sentence, as errors do (`readable-message.ts`).
 */
export function collectedLog(said: (text: string, urn: Urn | undefined) => void, status = ""): Log {
  return {
    info: async (line, urn) => said(line, urn),
    warn: async (line, urn) => said(`warning: ${sentenceOf(line)}`, urn),
    effects: async (host, effects, urn) => {
      for (const { text } of effects) if (text.startsWith("note: ")) sentenceOf(text);
      said(withoutColors(formatEffects(host, effects)), urn);
    },
    status: async (line, urn) => said(`${status}${line}`, urn),
  };
}

function sentenceOf(text: string): string {
  if (!endsLikeSentence(text)) throw new Error(`does not end like a sentence: ${text}`);
  return text;
}

/** Takes the engine's tags for colours out of a text. */
export function withoutColors(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>/g, "");
}
