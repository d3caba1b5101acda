import fs from "node:fs";
import path from "node:path";
import type { Answer } from "../../provider/facts/answers";
import { FACTS, type HostFacts, readHostFacts } from "../../provider/facts/host-facts";

/** The facts of a host that was recorded. */
export function recordedFacts(host: string): HostFacts {
  return readHostFacts(recordedAnswers(host));
}

/** What the facts script printed there; questions that are newer than the record count as unanswered. */
export function recordedAnswers(host: string): string {
  const recorded = fs.readFileSync(path.join(__dirname, host, "facts.txt"), "latin1");
  const newer = Object.values(FACTS)
    .map(({ name }) => name)
    .filter((name) => !recorded.includes(`\n@${name}\n`))
    .map((name) => framedAnswer(name, { text: "", exitCode: 1 }));
  return recorded.replace("@facts-end", `${newer.join("")}@facts-end`);
}

/** An answer as the facts script prints it. */
export function framedAnswer(name: string, { text, exitCode }: Answer): string {
  const lines = `${text}\n=${exitCode}\n`.replace(/^|(?<=\n)(?!$)/g, "|");
  return `@${name}\n${lines}=${name} ${lines.length}\n`;
}
