/**
 * Encodes text that a person wrote as UTF-8 bytes, one Latin-1 character a byte. All text of a host is kept in this
 * form, so that any file survives, whatever its encoding.
 */
export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Decodes bytes that are Latin-1 characters as UTF-8, for people to read; invalid bytes become U+FFFD. */
export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
