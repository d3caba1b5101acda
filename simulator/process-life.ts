import { ScriptKilled } from "./faults";
import type { Session } from "./machine";

/**
 * Does something in a process of this session. One that is killed meanwhile or was before does nothing, and never ends.
 */
export async function whileAlive<T>(session: Session, act: () => T | Promise<T>): Promise<T> {
  try {
    if (!session.killed.aborted) {
      const done = await act();
      if (!session.killed.aborted) return done;
    }
  } catch (error) {
    if (error instanceof ScriptKilled) session.kill();
    if (!session.killed.aborted) throw error;
  }
  return new Promise(() => {});
}
