import type { CommandCall, CommandOutput } from "../../simulator/machine";
import { hostState } from "./host-state";

/** The program of a simulated host that prints its facts, from memory where an equal host printed them before. */
export const FACTS_PROGRAM = "print-facts";

/** The definitions of all questions and of the function `facts` that asks them (provider/facts/answers.ts). */
const DEFINITIONS = /^ask_[\s\S]*?^facts\(\) \{\n[\s\S]*?^\}$/m;

/** The script that asks, by the name that the program is told -> what equal hosts answered: their state -> output. */
const asked = new Map<string, { readonly script: string; readonly answers: Map<string, CommandOutput> }>();

/** The same script, whose facts are printed from memory: reading them takes nine tenths of the time of a run. */
export function withKnownFacts(script: string): string {
  const match = DEFINITIONS.exec(script);
  if (!match) return script;
  const before = script.slice(0, match.index);
  const asking = `${before}${match[0]}\nfacts < /dev/null\n`;
  let name = [...asked].find(([, known]) => known.script === asking)?.[0];
  if (name === undefined) {
    name = String(asked.size);
    asked.set(name, { script: asking, answers: new Map() });
  }
  return `${before}facts() {\n  ${FACTS_PROGRAM} ${name} "$SSH_ROUTE"\n}${script.slice(match.index + match[0].length)}`;
}

/** What `FACTS_PROGRAM` does. */
export async function answerFacts(call: CommandCall): Promise<CommandOutput> {
  const { machine } = call;
  const [name = "", route = ""] = call.args;
  const known = asked.get(name);
  if (!known) throw new RangeError(`no facts of this name: ${name}`);
  const { kernel, profile } = machine;
  const { bootId, commandLine, loadedModules, messageText } = kernel;
  // Numbers at the beginning of the kernel's messages are times.
  const rest = [
    profile.name,
    route,
    bootId,
    commandLine,
    loadedModules.join(),
    messageText.replaceAll(/^\[.*?\]/gm, ""),
  ];
  const state = [
    ...rest,
    ...[...hostState(machine)].flat(),
    JSON.stringify([...(machine.xen?.domains.values() ?? [])]),
  ];
  const key = state.join("\n");
  const answer = known.answers.get(key);
  if (answer) return answer;
  const { watch } = machine.faults;
  machine.faults.watch = undefined;
  const output = await call.runScript(known.script, [route]);
  machine.faults.watch = watch;
  known.answers.set(key, output);
  return output;
}
