import type { Questions } from "../facts/answers";
import { hostFactsShell } from "../facts/host-facts";
import { PROLOGUE } from "./prologue";

/** A script that reads all facts and changes nothing; `readHostFacts` reads what it prints. */
export function factsScript(questions: Questions): string {
  return `${PROLOGUE}\n${hostFactsShell(questions)}\nfacts < /dev/null\n`;
}
