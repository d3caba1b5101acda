/** A fenced block of code. */
export interface CodeBlock {
  /** What stands behind the fence: `ts`, `sh`, or nothing. */
  readonly language: string;
  /** Ends with a newline; without the indentation of the fence. */
  readonly text: string;
}

/** The fenced blocks of a text, in order. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  return [...markdown.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = "", language = "", text = ""]) => ({
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

/** What stands between single backquotes. */
export function codeSpans(markdown: string): readonly string[] {
  return [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? "");
}

/** The rows of the first table without its head, each as its cells. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const [table = ""] = /(?:^\|.*\n?)+/m.exec(markdown) ?? [];
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

/** The text from a heading to the next one of any level. Throws when there is no such heading. */
export function section(markdown: string, heading: string): string {
  const [, found] = markdown.split(new RegExp(`^#+ ${heading}$`, "m"));
  if (found === undefined) throw new Error(`there is no section "${heading}"`);
  return found.split(/^#+ /m)[0] ?? "";
}

/** The anchors of its headings, as GitHub and the site make them: `#on-your-own-host`. */
export function anchors(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(
    ([, title = ""]) =>
      `#${title
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replace(/ /g, "-")}`,
  );
}
