/**
 * Quotes one word for POSIX sh. Every value that reaches a shell goes through here.
 * Inside single quotes nothing is special but the quote itself (POSIX.1-2024, Shell Command Language, 2.2.2).
 */
export function quote(word: string): string {
  if (word.includes("\0")) throw new RangeError("a shell word cannot hold a NUL byte");
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
