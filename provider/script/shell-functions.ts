import { keptByText } from "../kept-by-text";

/**
 * A function definition with the comment above it; all functions of this project end with a brace on a line of its own.
 */
const DEFINITION = /^(?:#.*\n)*(\w+)\(\) \{\n[\s\S]*?^\}$/gm;

/**
 * The definitions in `library` that this shell calls, directly or indirectly, in the order of the library. Text in
 * single quotes, which contains all text of hosts and programs, calls nothing. `shell` must not contain comments.
 */
export function functionsCalledBy(shell: string, library: string): string {
  const definitions = definitionsIn(library);
  const called = new Set<string>();
  const visit = (words: readonly string[]) => {
    for (const word of words) {
      const definition = definitions.get(word);
      if (definition === undefined || called.has(word)) continue;
      called.add(word);
      visit(definition.words);
    }
  };
  visit(wordsOf(shell));
  return [...definitions].flatMap(([name, { text }]) => (called.has(name) ? [text] : [])).join("\n");
}

/** The functions of a library by their names. Every script is made from the same one. */
const definitionsIn = keptByText(
  1,
  (library) =>
    new Map(
      [...library.matchAll(DEFINITION)].map(([text, name = ""]) => {
        const words = wordsOf(text.replaceAll(/^\s*#.*$/gm, ""));
        return [name, { text, words }];
      }),
    ),
);

function wordsOf(shell: string): readonly string[] {
  return shell.replaceAll(/\\[\s\S]|'[^']*'/g, " ").match(/\w+/g) ?? [];
}
