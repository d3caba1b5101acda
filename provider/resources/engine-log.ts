import * as pulumi from "@pulumi/pulumi";

/** Lines for the user. The engine's Log call is awaited: lines printed to stdout can get lost at the end of a run. */
export interface EngineLog {
  info(line: string): Promise<void>;
  warn(line: string): Promise<void>;
}

let connected = false;

// A provider process is told nothing but the engine's address, its first argument (@pulumi/pulumi cmd/dynamic-provider, 3.248.0).
function connect(): void {
  if (connected) return;
  connected = true;
  const engine = process.argv[2];
  if (engine !== undefined && /:\d+$/.test(engine)) pulumi.runtime.resetOptions("", "", -1, engine, "", false, "");
}

export const engineLog: EngineLog = {
  info: (line) => {
    connect();
    return pulumi.log.info(line);
  },
  warn: (line) => {
    connect();
    return pulumi.log.warn(line);
  },
};
