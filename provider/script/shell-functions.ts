/** A definition with the comment above it, as the functions of this project are written: closed by a brace of its own line. */
const DEFINITION = /^(?:#.*\n)*(\w+)\(\) \{\n[\s\S]*?^\}$/gm;

/**
 * The definitions, of all in `library`, that this shell calls, directly or through each other, in the order of the library.
 * Text in single quotes calls nothing: all text of hosts and programs stands in such quotes. `shell` holds no comments.
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
