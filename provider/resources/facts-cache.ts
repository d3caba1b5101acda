import type { Questions } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";

/**
 * How long to wait for a host: a preview soon gives up on one that does not answer, other operations wait for a busy
 * host.
 */
export type Patience = "preview" | "work";

/** Only what is always asked. */
export const NO_QUESTIONS: Questions = { vmConfigPaths: [], libvirt: false };

interface Kept {
  readonly questions: Questions;
  readonly facts: Promise<HostFacts>;
  readonly since: number;
}

/**
 * The facts of one host, kept until they are forgotten. Questions accumulate, so that every reading answers all
 * questions asked so far in this process, whatever their order.
 */
export class FactsCache {
  private asked = NO_QUESTIONS;
  private cached: Kept | undefined;

  /**
   * When `read` rejects with ConnectionError or UnreadableFactsError, so does `get`; the next `get` reads again. `now`
   * gives milliseconds.
   */
  constructor(
    private readonly read: (patience: Patience, questions: Questions) => Promise<HostFacts>,
    private readonly now: () => number,
  ) {}

  /** All questions asked about this host so far. */
  get questions(): Questions {
    return this.asked;
  }

  get(patience: Patience, questions: Questions): Promise<HostFacts> {
    this.asked = {
      vmConfigPaths: [...new Set([...this.asked.vmConfigPaths, ...questions.vmConfigPaths])],
      libvirt: this.asked.libvirt || questions.libvirt,
    };
    if (this.cached && covers(this.cached.questions, this.asked)) return this.cached.facts;
    const reading = { questions: this.asked, facts: this.read(patience, this.asked), since: this.now() };
    this.cached = reading;
    reading.facts.catch(() => {
      if (this.cached === reading) this.cached = undefined;
    });
    return reading.facts;
  }

  /** The facts that are kept, if they answer all questions and were asked for in the last so many milliseconds. */
  async recent(ageMs: number): Promise<HostFacts | undefined> {
    const { cached } = this;
    const counts = cached && covers(cached.questions, this.asked) && this.now() - cached.since <= ageMs;
    return counts ? cached.facts : undefined;
  }

  /** Stores facts that were just printed in an apply, and answer these questions. */
  keep(facts: HostFacts, questions: Questions): void {
    this.cached = { questions, facts: Promise.resolve(facts), since: this.now() };
  }

  forget(): void {
    this.cached = undefined;
  }
}

function covers(answered: Questions, asked: Questions): boolean {
  return (
    (answered.libvirt || !asked.libvirt) && asked.vmConfigPaths.every((path) => answered.vmConfigPaths.includes(path))
  );
}
