/**
 * The shell works on Unicode text and recodes what looks like UTF-8; the host's files and the wire hold bytes.
 * Bytes above 127 travel through the shell as private-use characters, which it has no opinion on.
 */
const BASE = 0xf700;

/** Bytes (as Latin-1 characters) to text for the shell. */
export function toShellText(bytes: string): string {
  return bytes.replace(/[\x80-\xff]/g, (byte) => String.fromCharCode(BASE + byte.charCodeAt(0)));
}

/**
 * Text of the shell to bytes (as Latin-1 characters). Characters that only printf's escapes make stand for themselves.
 */
export function toBytes(text: string): string {
  return text.replace(/[\u{100}-\u{10ffff}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= BASE + 0x80 && code <= BASE + 0xff) return String.fromCharCode(code - BASE);
    return Buffer.from(character, "utf8").toString("latin1");
  });
}
