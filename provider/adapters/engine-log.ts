import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { printable } from "../printable";
import { formatEffects } from "../resources/effect-lines";
import type { Log } from "../resources/log";
import type { Urn } from "../resources/urn";

/** The part of the engine that shows lines. */
export interface Engine {
  log(request: LogRequest, done: () => void): unknown;
}

/** The lines of one resource that replace each other need a number of their own. */
const STREAM = 1;

/**
 * Lines that the engine shows under their resources. Its Log call is awaited, since lines printed to stdout can get lost
 * at the end of a run; Pulumi's own functions for it keep two promises with their stack traces for each line.
 */
export function engineLog(engine: () => Engine | undefined): Log {
  const send = (text: string, urn: Urn | undefined, severity: LogSeverity, ephemeral: boolean): Promise<void> =>
    new Promise((done) => {
      const request = new LogRequest().setSeverity(severity).setMessage(text).setEphemeral(ephemeral);
      if (urn) request.setUrn(urn.text);
      if (ephemeral) request.setStreamid(STREAM);
      const client = engine();
      // An engine that is gone shows nothing any more: no reason to fail.
      if (client) client.log(request, () => done());
      else done();
    });
  return {
    info: (line, urn) => send(printable(line), urn, LogSeverity.INFO, false),
    warn: (line, urn) => send(printable(line), urn, LogSeverity.WARNING, false),
    effects: (host, effects, urn) => send(formatEffects(host, effects), urn, LogSeverity.INFO, false),
    status: (line, urn) => send(printable(line), urn, LogSeverity.INFO, true),
  };
}
