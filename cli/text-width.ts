/** Letters by how wide they are at most, in ems of a proportional font: DejaVu Sans, the widest of the common ones. */
const WIDTHS: readonly (readonly [letters: RegExp, ems: number])[] = [
  [/[ ijlI.,:;'|/]/, 0.34],
  [/[frt!()[\]-]/, 0.42],
  [/[a-ln-vx-z0-9_]/, 0.64],
  [/[A-LN-PR-VX-Z]/, 0.77],
];
/** `W`, `@`, CJK and all others. */
const WIDEST = 1;

/** The text, or as many of its letters as fit a width in ems, with `…` at its end. */
export function cutToWidth(text: string, ems: number): string {
  const letters = [...text];
  if (sum(letters) <= ems) return text;
  while (sum(letters) + WIDEST > ems) letters.pop();
  return `${letters.join("")}…`;
}

function sum(letters: readonly string[]): number {
  return letters.reduce((ems, letter) => ems + (WIDTHS.find(([like]) => like.test(letter))?.[1] ?? WIDEST), 0);
}
