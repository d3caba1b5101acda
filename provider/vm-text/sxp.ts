/** S-expressions as xend reads and prints them (xen, tools/python/xen/xend/sxp.py, 4.1). Text is bytes as Latin-1 characters. */

/** A place in the text: `end` is the offset of the first character behind it. */
interface SxpRange {
  readonly start: number;
  readonly end: number;
}

/** A quoted text or a bare word; the range holds the quotes. */
export interface SxpAtom extends SxpRange {
  readonly kind: "atom";
  readonly text: string;
}

/** The range holds the parentheses. */
export interface SxpList extends SxpRange {
  readonly kind: "list";
  readonly items: readonly Sxp[];
}

export type Sxp = SxpAtom | SxpList;

// An escape stands for what follows it here: control characters are in no file that matters.
const TOKEN = /[ \t\n\r\v\f]+|#[^\n]*|([()])|'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s()'"#]+)/y;

/** All expressions of a text; undefined when it is none: a quote or a parenthesis that nothing closes. */
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
      const around = open.at(-1);
      if (!list || !around) return undefined;
      around.items.push({ kind: "list", start: list.start, end, items: list.items });
    } else if (atom !== undefined) {
      const plain = word === undefined ? atom.replace(/\\([\s\S])/g, "$1") : atom;
      open.at(-1)?.items.push({ kind: "atom", start, end, text: plain });
    }
  }
  return open.length === 1 ? open[0]?.items : undefined;
}

/** The lists whose first item is this word: `(name …)`. */
export function sxpChildren(items: readonly Sxp[], name: string): readonly SxpList[] {
  return items.filter((item): item is SxpList => item.kind === "list" && wordAt(item, 0) === name);
}

/** The second item of the first `(name value)`. */
export function sxpValue(items: readonly Sxp[], name: string): string | undefined {
  const [child] = sxpChildren(items, name);
  return child && wordAt(child, 1);
}

function wordAt(list: SxpList, at: number): string | undefined {
  const item = list.items[at];
  return item?.kind === "atom" ? item.text : undefined;
}
