/**
 * Text of the host is bytes as Latin-1 characters, so that any file survives. These turn what a person wrote into such
 * bytes, and bytes into what a person reads.
 */
export function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export function fromBytes(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
