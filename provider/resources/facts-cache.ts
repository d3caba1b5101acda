import type { Questions } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";

/**
 * How long to wait for a host: a preview soon gives up on one that does not answer, other operations wait for a busy
 * host.
 */
export type Patience = "preview" | "work";

/** What facts are read for. `change`: for work that is about to change the host, and goes on from them. */
export type Occasion = Patience | "change";

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
    private readonly read: (occasion: Occasion, questions: Questions) => Promise<HostFacts>,
    private readonly now: () => number,
  ) {}

  /** All questions asked about this host so far. */
  get questions(): Questions {
    return this.asked;
  }

  get(occasion: Occasion, questions: Questions): Promise<HostFacts> {
    this.asked = {
      vmConfigPaths: [...new Set([...this.asked.vmConfigPaths, ...questions.vmConfigPaths])],
      libvirt: this.asked.libvirt || questions.libvirt,
    };
    if (this.cached && this.isAnswered(this.cached.questions)) return this.cached.facts;
    const reading = { questions: this.asked, facts: this.read(occasion, this.asked), since: this.now() };
    this.cached = reading;
    reading.facts.catch(() => {
      if (this.cached === reading) this.cached = undefined;
    });
    return reading.facts;
  }

  /** Whether these questions are all that were asked so far. */
  isAnswered(answered: Questions): boolean {
    return covers(answered, this.asked);
  }

  /** The facts that are kept, if they answer all questions and were asked for in the last so many milliseconds. */
  async recent(ageMs: number): Promise<HostFacts | undefined> {
    const { cached } = this;
    const counts = cached && this.isAnswered(cached.questions) && this.now() - cached.since <= ageMs;
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
