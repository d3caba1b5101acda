/** JSON in ASCII only, so that the bytes on a host are those of the text. */
export function asciiJson(value: unknown): string {
  const asEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[^ -~]/g, asEscape);
}
