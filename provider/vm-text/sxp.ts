/**
 * S-expressions as xend reads and prints them (xen, tools/python/xen/xend/sxp.py, 4.1). Each character of a text is a
 * byte (Latin-1).
 */

/** Offsets in the text; `end` is exclusive. */
interface SxpRange {
  readonly start: number;
  readonly end: number;
}

/** A quoted string or a bare word; the range includes the quotes, `text` does not. */
export interface SxpAtom extends SxpRange {
  readonly kind: "atom";
  readonly text: string;
}

/** A list; the range includes the parentheses. */
export interface SxpList extends SxpRange {
  readonly kind: "list";
  readonly items: readonly Sxp[];
}

/** An S-expression. */
export type Sxp = SxpAtom | SxpList;

// An escape is read as the character after the backslash: no file that matters holds control characters.
const TOKEN = /[ \t\n\r\v\f]+|#[^\n]*|([()])|'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s()'"#]+)/y;

/** All top-level expressions of a text; undefined when a quote or a parenthesis is unbalanced. */
export function parseSxp(text: string): readonly Sxp[] | undefined {
  const open: { start: number; items: Sxp[] }[] = [{ start: 0, items: [] }];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    const end = TOKEN.lastIndex;
    const [, bracket, single, double, word] = match;
    const atom = single ?? double ?? word;
    if (bracket === "(") open.push({ start, items: [] });
    else if (bracket === ")") {
      const list = open.pop();
      const parent = open.at(-1);
      if (!list || !parent) return undefined;
      parent.items.push({ kind: "list", start: list.start, end, items: list.items });
    } else if (atom !== undefined) {
      const plain = word === undefined ? atom.replace(/\\([\s\S])/g, "$1") : atom;
      open.at(-1)?.items.push({ kind: "atom", start, end, text: plain });
    }
  }
  return open.length === 1 ? open[0]?.items : undefined;
}

/** The lists among `items` whose first item is this word: `(name …)`. */
export function sxpChildren(items: readonly Sxp[], name: string): readonly SxpList[] {
  return items.filter((item): item is SxpList => item.kind === "list" && wordAt(item, 0) === name);
}

/** The value of the first `(name value)`; undefined when there is none, or when the value is a list. */
export function sxpValue(items: readonly Sxp[], name: string): string | undefined {
  const [child] = sxpChildren(items, name);
  return child && wordAt(child, 1);
}

function wordAt(list: SxpList, index: number): string | undefined {
  const item = list.items[index];
  return item?.kind === "atom" ? item.text : undefined;
}
