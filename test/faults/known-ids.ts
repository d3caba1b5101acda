import { AsyncLocalStorage } from "node:async_hooks";
import crypto, { type UUID } from "node:crypto";

const counting = new AsyncLocalStorage<{ count: number }>();
const random = crypto.randomUUID;

/**
 * Runs something in which the ids that are else random (boots, tokens, runs) are counted, so that equal hosts are
 * equal in each byte.
 */
export function withKnownIds<T>(run: () => Promise<T>): Promise<T> {
  crypto.randomUUID = (options) => {
    const ids = counting.getStore();
    return ids ? uuid(++ids.count) : random(options);
  };
  return counting.run({ count: 0 }, run);
}

function uuid(count: number): UUID {
  return `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
}
