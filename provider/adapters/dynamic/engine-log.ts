import * as pulumi from "@pulumi/pulumi";
import { printable } from "../../printable";
import { formatEffects } from "../../resources/effect-lines";
import type { Log } from "../../resources/log";
import type { Urn } from "../../resources/urn";

let connected = false;

// The only argument of a provider process is the engine's address (@pulumi/pulumi cmd/dynamic-provider, 3.248.0).
function connect(): void {
  if (connected) return;
  connected = true;
  const engine = process.argv[2];
  if (engine !== undefined && /:\d+$/.test(engine)) pulumi.runtime.resetOptions("", "", -1, engine, "", false, "");
}

function shownUnder(urn: Urn | undefined): pulumi.Resource | undefined {
  return urn && new pulumi.DependencyResource(urn.text);
}

/**
 * Lines that the engine shows. Its Log call is awaited, since lines printed to stdout can get lost at the end of a run.
 */
export const engineLog: Log = {
  info: (line, urn) => {
    connect();
    return pulumi.log.info(printable(line), shownUnder(urn));
  },
  warn: (line, urn) => {
    connect();
    return pulumi.log.warn(printable(line), shownUnder(urn));
  },
  effects: (host, effects, urn) => {
    connect();
    return pulumi.log.info(formatEffects(host, effects), shownUnder(urn));
  },
  status: (line, urn) => {
    connect();
    return pulumi.log.info(printable(line), shownUnder(urn), undefined, true);
  },
};
