import { ConnectionError } from "../errors";
import type { Questions } from "../facts/answers";
import { type HostFacts, readHostFacts } from "../facts/host-facts";
import type { Host } from "../host/host";
import { factsScript } from "../script/facts-script";
import type { Change } from "./change";
import { ChangeQueue } from "./change-queue";
import { FactsCache, type Patience } from "./facts-cache";

/** How to get a connection to the host; called again after one was cut. */
export type Connect = (patience: Patience) => Promise<Host>;

/** A host in this process: its facts, kept until an apply ends, and the one queue of changes to it. */
export class ManagedHost {
  private readonly cache: FactsCache;
  private readonly queue: ChangeQueue;
  private warned = false;

  constructor(
    readonly name: string,
    private readonly connect: Connect,
  ) {
    this.cache = new FactsCache((patience, questions) => this.read(patience, questions, "once more"));
    this.queue = new ChangeQueue(name, this.cache, connect);
  }

  /** Facts that hold since the last apply of this process. Throws ConnectionError or UnreadableFactsError. */
  facts(patience: Patience, questions: Questions): Promise<HostFacts> {
    return this.cache.get(patience, questions);
  }

  /** Makes a change together with those that wait at the same time; resolves with the facts after it. Throws PassthroughError. */
  apply(change: Change): Promise<HostFacts> {
    return this.queue.add(change);
  }

  /** A warning that is said once for the host, however many resources it has. */
  async warnOnce(line: string, log: { warn(line: string): Promise<void> }): Promise<void> {
    if (this.warned) return;
    this.warned = true;
    await log.warn(line);
  }

  /** Reading changes nothing, so a connection that is cut under it is simply opened once more. */
  private async read(patience: Patience, questions: Questions, again: "once more" | "no"): Promise<HostFacts> {
    const host = await this.connect(patience);
    try {
      const { stdout } = await host.run(factsScript(questions));
      return readHostFacts(stdout);
    } catch (error) {
      const cut = error instanceof ConnectionError && error.failure === "cut";
      if (!cut || again === "no") throw error;
      return this.read(patience, questions, "no");
    }
  }
}
