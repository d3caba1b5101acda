/**
 * Control characters but newline and tab, what turns the direction of text, other line ends, blanks without width, and
 * the beginning of what the engine takes for a colour: it panics at a colour that it does not know (pulumi,
 * sdk/go/common/diag/colors/colors.go, writeDirective, 3.259).
 */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u200b\u2060\ufeff]|(?<=<)\{(?=%)/gu;

/**
 * Writes control characters as `\x1b` or `\u202e`, so that what a host says can neither move a terminal's cursor, nor
 * hide, colour or turn around what a person reads. Newlines and tabs stay, and the carriage return of a line end goes.
 */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(OBEYED, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
