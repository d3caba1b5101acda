import * as pulumi from "@pulumi/pulumi";
import { printable } from "../printable";
import type { Urn } from "./urn";

/** Writes lines for the user; control characters in them are made visible. */
export interface EngineLog {
  /** Under the resource with this URN; under the stack without. */
  info(line: string, urn?: Urn): Promise<void>;
  warn(line: string, urn?: Urn): Promise<void>;
  /** What a resource waits for now: shown beside it until the next such line. */
  status(line: string, urn: Urn): Promise<void>;
}

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
export const engineLog: EngineLog = {
  info: (line, urn) => {
    connect();
    return pulumi.log.info(printable(line), shownUnder(urn));
  },
  warn: (line, urn) => {
    connect();
    return pulumi.log.warn(printable(line), shownUnder(urn));
  },
  status: (line, urn) => {
    connect();
    return pulumi.log.info(printable(line), shownUnder(urn), undefined, true);
  },
};
