import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { printable } from "../../printable";
import { formatEffects } from "../../resources/effect-lines";
import type { Log } from "../../resources/log";
import type { Urn } from "../../resources/urn";

/** The lines of one resource that replace each other need a number of their own. */
const STREAM = 1;

/** Lines that the engine at this address shows under their resources. */
export function engineLog(address: string): Log {
  const client = new EngineClient(address, credentials.createInsecure());
  const send = (text: string, urn: Urn | undefined, severity: LogSeverity, ephemeral: boolean): Promise<void> =>
    new Promise((done) => {
      const request = new LogRequest().setSeverity(severity).setMessage(text).setEphemeral(ephemeral);
      if (urn) request.setUrn(urn.text);
      if (ephemeral) request.setStreamid(STREAM);
      // An engine that is gone shows nothing any more: no reason to fail.
      client.log(request, () => done());
    });
  return {
    info: (line, urn) => send(printable(line), urn, LogSeverity.INFO, false),
    warn: (line, urn) => send(printable(line), urn, LogSeverity.WARNING, false),
    effects: (host, effects, urn) => send(formatEffects(host, effects), urn, LogSeverity.INFO, false),
    status: (line, urn) => send(printable(line), urn, LogSeverity.INFO, true),
  };
}
