import type { Host } from "../host/host";
import type { Patience } from "./facts-cache";

/**
 * Connects to a host; called again after a connection was cut. `confirmation`: over a connection of its own, which is
 * closed after one script. Rejects with ConnectionError.
 */
export type Connect = (purpose: Patience | "confirmation") => Promise<Host>;
