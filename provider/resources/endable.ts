import { PassthroughError } from "../errors";

/** Ends what changes nothing as soon as it is to end: rejects with PassthroughError then. */
export async function endable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return work();
  const ended = () => new PassthroughError(`${messageOf(signal.reason)}. Nothing was changed.`);
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

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
