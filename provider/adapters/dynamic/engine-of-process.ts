import { runtime } from "@pulumi/pulumi";
import type { Engine } from "../engine-log";

let connected = false;

/**
 * The engine that has started this process; undefined without any. The only argument of a provider process is its address
 * (@pulumi/pulumi cmd/dynamic-provider, 3.248.0).
 */
export function engineOfProcess(): Engine | undefined {
  const address = process.argv[2];
  if (!connected && address !== undefined && /:\d+$/.test(address))
    runtime.resetOptions("", "", -1, address, "", false, "");
  connected = true;
  return runtime.getEngine();
}
