import * as pulumi from "@pulumi/pulumi";
import { printable } from "../printable";

/** Writes lines for the user; control characters in them are made visible. */
export interface EngineLog {
  info(line: string): Promise<void>;
  warn(line: string): Promise<void>;
}

let connected = false;

// The only argument of a provider process is the engine's address (@pulumi/pulumi cmd/dynamic-provider, 3.248.0).
function connect(): void {
  if (connected) return;
  connected = true;
  const engine = process.argv[2];
  if (engine !== undefined && /:\d+$/.test(engine)) pulumi.runtime.resetOptions("", "", -1, engine, "", false, "");
}

/**
 * Lines that the engine shows. Its Log call is awaited, since lines printed to stdout can get lost at the end of a run.
 */
export const engineLog: EngineLog = {
  info: (line) => {
    connect();
    return pulumi.log.info(printable(line));
  },
  warn: (line) => {
    connect();
    return pulumi.log.warn(printable(line));
  },
};
