/**
 * A function definition with the comment above it; all functions of this project end with a brace on a line of its own.
 */
const DEFINITION = /^(?:#.*\n)*(\w+)\(\) \{\n[\s\S]*?^\}$/gm;

/**
 * The definitions in `library` that this shell calls, directly or indirectly, in the order of the library. Text in
 * single quotes, which contains all text of hosts and programs, calls nothing. `shell` must not contain comments.
 */
export function functionsCalledBy(shell: string, library: string): string {
  const definitions = new Map([...library.matchAll(DEFINITION)].map((match) => [match[1] ?? "", match[0]]));
  const called = new Set<string>();
  const visit = (text: string) => {
    for (const word of wordsOf(text)) {
      const definition = definitions.get(word);
      if (definition === undefined || called.has(word)) continue;
      called.add(word);
      visit(definition.replaceAll(/^\s*#.*$/gm, ""));
    }
  };
  visit(shell);
  return [...definitions].flatMap(([name, definition]) => (called.has(name) ? [definition] : [])).join("\n");
}

function wordsOf(shell: string): readonly string[] {
  return shell.replaceAll(/\\[\s\S]|'[^']*'/g, " ").match(/\w+/g) ?? [];
}
