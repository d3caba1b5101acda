/**
 * Whether a text matches a pattern list of ssh_config(5): one of its patterns does, and none of those that begin with
 * `!`.
 */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const refused = patterns.some((pattern) => pattern.startsWith("!") && matchesPattern(pattern.slice(1), text));
  return !refused && patterns.some((pattern) => matchesPattern(pattern, text));
}

/**
 * Whether a text matches a pattern of ssh_config(5): `*` stands for any characters, `?` for one. A regular expression
 * made from a pattern may be too large, or take for ever; this takes at most the product of both lengths.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let inPattern = 0;
  // Where the last `*` is, and up to where it stands for the text.
  let star = -1;
  let taken = 0;
  for (let position = 0; position < text.length; ) {
    if (pattern[inPattern] === "*") {
      star = inPattern++;
      taken = position;
    } else if (pattern[inPattern] === "?" || pattern[inPattern] === text[position]) {
      inPattern++;
      position++;
    } else if (star >= 0) {
      inPattern = star + 1;
      position = ++taken;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
