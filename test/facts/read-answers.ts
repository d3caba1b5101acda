import { type Answer, readAnswer, sectionsOf } from "../../provider/facts/answers";

/** All answers that `facts` printed, by the name of their fact. Throws UnreadableFactsError. */
export function readAnswers(printed: string): ReadonlyMap<string, Answer> {
  return new Map([...sectionsOf(printed)].map(([name, section]) => [name, readAnswer(section)]));
}
