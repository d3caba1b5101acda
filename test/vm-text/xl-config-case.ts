/** One file of cases/xl-config: a config, the edits that it gets, and what it is then. */
export interface XlCase {
  readonly before: string;
  /** Each a verb and its words: `add SPEC`, `remove ADDRESS`, `replace ADDRESS SPEC`, `set-passthrough VALUE`. */
  readonly steps: readonly (readonly string[])[];
  readonly after: string;
}

/** As in a diff: what stands before this line does not end in a newline. */
const NO_NEWLINE = "\n\\ No newline at end of file\n";

/** The parts are parted by lines `==== add SPEC` and the like before, one line `==== becomes`, and the outcome. */
export function parseXlCase(text: string): XlCase {
  const [before = "", ...parts] = text.split(/^(?===== )/m);
  const headings = parts.map((part) => part.slice("==== ".length, part.indexOf("\n")));
  const outcome = parts.at(-1) ?? "";
  if (headings.pop() !== "becomes") throw new Error("a case ends with the part `==== becomes`");
  return {
    before: contents(before),
    steps: headings.map((heading) => heading.split(" ")),
    after: contents(outcome.slice(outcome.indexOf("\n") + 1)),
  };
}

function contents(part: string): string {
  return part.endsWith(NO_NEWLINE) ? part.slice(0, -NO_NEWLINE.length) : part;
}
