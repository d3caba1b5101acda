import fs from "node:fs";
import path from "node:path";
import { FACTS, type HostFacts, readHostFacts } from "../../../provider/facts/host-facts";
import type { Guard } from "../../../provider/plan/guards/guard-name";
import type { AssignWish, DeviceWish } from "../../../provider/plan/wish";
import { target } from "../recorded-host";

/** What a host answers to questions, by the name of the fact: the text that replaces that of the recorded host. */
export type Answers = Readonly<Record<string, string>>;

/** A host, what a program declares for it, and what the guards say. */
export interface Situation {
  readonly title: string;
  /** Where the text of the host is from: the host that printed it, or the project, file and version that say so. */
  readonly source: string;
  /** The host in `test/recorded` that gives all other answers; the lab host with Xen when left out. */
  readonly recorded?: string;
  readonly answers: Answers;
  /** A function to assign, or another declaration. */
  readonly declares: string | DeviceWish;
  /** The guards that refuse, each with a part of its evidence; empty when the change may go on. */
  readonly refused: readonly (readonly [guard: Guard, evidence: string])[];
}

/** The facts of a recorded host that gives these answers instead of its own. */
export function factsOf({ recorded = "debian12-xen4.17", answers }: Situation): HostFacts {
  const text = fs.readFileSync(path.join(__dirname, "../../recorded", recorded, "facts.txt"), "latin1");
  const printed = new Map(
    text.split("\n@").map((section) => [section.split("\n", 1)[0] ?? "", section.slice(section.indexOf("\n") + 1)]),
  );
  const sections = Object.values(FACTS).map(({ name }) => {
    const answer = answers[name];
    return `@${name}\n${answer === undefined ? (printed.get(name)?.trimEnd() ?? framed(name, "", 1)) : framed(name, answer, 0)}\n`;
  });
  return readHostFacts(`@facts-begin\n${sections.join("")}@facts-end\n`);
}

/** The declaration of a function of the host, or the one that is given. */
export function wishOf({ declares }: Situation): DeviceWish {
  if (typeof declares !== "string") return declares;
  const wish: AssignWish = {
    kind: "AssignableDevice",
    target: target(declares),
    driver: undefined,
    group: false,
    expect: [],
    allow: [],
    toolstack: undefined,
  };
  return wish;
}

// As the facts script frames an answer (provider/facts/answers.ts).
function framed(name: string, answer: string, exitCode: number): string {
  const body = `${answer}\n=${exitCode}`;
  const lines = `${body.replaceAll(/^/gm, "|")}\n`;
  return `${lines}=${name} ${lines.length}`;
}
