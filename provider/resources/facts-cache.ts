import type { Questions } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";

/** A preview gives up on a silent host soon; what changes or reads a host for good waits for a busy one. */
export type Patience = "preview" | "work";

/** Nothing but what is always asked. */
export const NO_QUESTIONS: Questions = { vmConfigPaths: [], libvirt: false };

/**
 * The facts of one host, kept until they are forgotten. Questions only add up in one process, so that whoever asks later gets
 * the answers to what was asked before as well, in whichever order they come.
 */
export class FactsCache {
  private asked = NO_QUESTIONS;
  private cached: { readonly questions: Questions; readonly facts: Promise<HostFacts> } | undefined;

  /** `read` throws ConnectionError or UnreadableFactsError, and so does `get` then; the next `get` reads again. */
  constructor(private readonly read: (patience: Patience, questions: Questions) => Promise<HostFacts>) {}

  /** Everything that was asked of this host so far. */
  get questions(): Questions {
    return this.asked;
  }

  get(patience: Patience, questions: Questions): Promise<HostFacts> {
    this.asked = {
      vmConfigPaths: [...new Set([...this.asked.vmConfigPaths, ...questions.vmConfigPaths])],
      libvirt: this.asked.libvirt || questions.libvirt,
    };
    if (this.cached && covers(this.cached.questions, this.asked)) return this.cached.facts;
    const reading = { questions: this.asked, facts: this.read(patience, this.asked) };
    this.cached = reading;
    reading.facts.catch(() => {
      if (this.cached === reading) this.cached = undefined;
    });
    return reading.facts;
  }

  /** Facts that an apply printed, which answer these questions. */
  keep(facts: HostFacts, questions: Questions): void {
    this.cached = { questions, facts: Promise.resolve(facts) };
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
