import { ConnectionError } from "../errors";
import type { Questions } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";
import { factsScript } from "../script/facts-script";
import { AskedChanges } from "./asked-changes";
import type { Change } from "./change";
import { ChangeQueue } from "./change-queue";
import type { Connect } from "./connect";
import { readFacts } from "./dialogue";
import { FactsCache, type Occasion, type Patience } from "./facts-cache";

/** Facts of a host on an emulated CPU take half a minute (seen); what hangs in them must not hold a preview up. */
const FACTS_MS = 5 * 60_000;

/** A host in this process: its facts, cached until an apply ends, and its queue of changes. */
export class ManagedHost {
  private readonly cache: FactsCache;
  private readonly queue: ChangeQueue;
  private warned = false;

  constructor(
    readonly name: string,
    private readonly connect: Connect,
    asked = new AskedChanges(),
    now: () => number = Date.now,
  ) {
    this.cache = new FactsCache((occasion, questions) => this.readFor(occasion, questions), now);
    this.queue = new ChangeQueue(name, this.cache, connect, asked);
  }

  /** The facts since the last apply of this process. Rejects with ConnectionError or UnreadableFactsError. */
  facts(occasion: Occasion, questions: Questions): Promise<HostFacts> {
    return this.cache.get(occasion, questions);
  }

  /**
   * Makes a change together with those that wait at the same time; resolves with the facts after it. Rejects with
   * PassthroughError.
   */
  apply(change: Change): Promise<HostFacts> {
    return this.queue.add(change);
  }

  /** Logs a warning once for the host, however many resources it has; later ones are dropped. */
  async warnOnce(line: string, log: { warn(line: string): Promise<void> }): Promise<void> {
    if (this.warned) return;
    this.warned = true;
    await log.warn(line);
  }

  private async readFor(occasion: Occasion, questions: Questions): Promise<HostFacts> {
    if (occasion !== "change") return this.read(occasion, questions, "once more");
    return (await this.queue.begin()) ?? this.read("work", questions, "once more");
  }

  /** Reading changes nothing, so a connection that is cut meanwhile is simply opened once more. */
  private async read(patience: Patience, questions: Questions, again: "once more" | "no"): Promise<HostFacts> {
    const host = await this.connect(patience);
    try {
      const { stdout } = await host.run(factsScript(questions), { limitMs: FACTS_MS });
      return readFacts(this.name, stdout);
    } catch (error) {
      const cut = error instanceof ConnectionError && error.failure === "cut";
      if (!cut || again === "no") throw error;
      return this.read(patience, questions, "no");
    }
  }
}
