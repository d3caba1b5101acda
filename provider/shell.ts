/**
 * Quotes one word for POSIX sh; every value that reaches a shell goes through here. Throws RangeError for a NUL byte.
 * Inside single quotes only the quote itself is special (POSIX.1-2024, Shell Command Language, 2.2.2).
 */
export function quote(word: string): string {
  if (word.includes("\0")) throw new RangeError("a shell word cannot hold a NUL byte");
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
