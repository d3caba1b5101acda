/**
 * A text behind `prefix`, broken at blanks so that no line has more than `columns` characters where words are not longer.
 * All lines but the first are indented by the length of the prefix.
 */
export function hanging(prefix: string, text: string, columns: number): string {
  const room = columns - prefix.length;
  const lines = text.split("\n").flatMap((line) => brokenLine(line, room));
  return `${prefix}${lines.join(`\n${" ".repeat(prefix.length)}`)}`;
}

function brokenLine(line: string, room: number): readonly string[] {
  const lines: string[] = [];
  let last: string | undefined;
  for (const word of line.split(" ")) {
    if (last === undefined) last = word;
    else if (last.length + 1 + word.length <= room) last = `${last} ${word}`;
    else {
      lines.push(last);
      last = word;
    }
  }
  return [...lines, last ?? ""];
}
