import { PassthroughError } from "../errors";

/** Ends what changes nothing as soon as it is to end: rejects with PassthroughError then. */
export async function endable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return work();
  const ended = () => new PassthroughError(`${whyEnded(signal)}. Nothing was changed.`);
  if (signal.aborted) throw ended();
  let stop = () => {};
  const end = new Promise<never>((_, fail) => {
    stop = () => fail(ended());
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work(), end]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Why something is to end, without a full stop. */
export function whyEnded(signal: AbortSignal | undefined): string {
  return signal?.reason instanceof Error ? signal.reason.message : "it was ended";
}
