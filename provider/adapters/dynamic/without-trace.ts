import { PassthroughError } from "../../errors";

/** What the engine's provider process prints of errors that the engine shows by itself; all resources of a host share one. */
const unwanted = new Set<string>();
let filtered = false;

/**
 * Runs a call of the engine. When it fails with a PassthroughError, whose message the engine shows under the resource,
 * the provider process does not print it once more with a stack trace: for a failed check, diff, read or delete it calls
 * `console.error` with "error: stack" (@pulumi/pulumi, cmd/dynamic-provider/index.js, 3.248).
 */
export async function withoutTrace<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof PassthroughError) {
      filterConsole();
      unwanted.add(`${error}: ${error.stack}`);
    }
    throw error;
  }
}

function filterConsole(): void {
  if (filtered) return;
  filtered = true;
  const print = console.error.bind(console);
  console.error = (...words: unknown[]) => {
    const [word] = words;
    if (typeof word === "string" && unwanted.has(word)) return;
    print(...words);
  };
}
