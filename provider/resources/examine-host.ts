import { ConnectionError } from "../errors";
import { UnreadableFactsError } from "../facts/answers";
import { type HostCheck, wentWrong } from "../plan/inventory/host-check";
import { hostChecks } from "../plan/inventory/host-checks";
import { withHost } from "./asked-host";
import { questionsOf } from "./questions";

/**
 * Reads a host, and says what of all that must be right is so. A host that cannot be logged in to or read is a check
 * that went wrong. Throws PassthroughError for bad input.
 */
export function examineHost(host: unknown): Promise<readonly HostCheck[]> {
  return withHost(host, async (asked, input): Promise<readonly HostCheck[]> => {
    try {
      const facts = await asked.facts("work", questionsOf(input, []));
      const way = input.sudo ? "by SSH, and root by sudo" : "by SSH, as root";
      return [{ check: "login", verdict: "ok", found: way }, ...hostChecks(facts, input)];
    } catch (error) {
      if (error instanceof ConnectionError) return [wentWrong("login", error.message)];
      if (error instanceof UnreadableFactsError) return [wentWrong("answers", error.message)];
      throw error;
    }
  });
}
