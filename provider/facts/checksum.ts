const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/**
 * The checksum that `cksum` prints for a text of Latin-1 characters (POSIX.1-2024, cksum: the length is part of the
 * sum).
 */
export function posixChecksum(text: string): number {
  let crc = 0;
  const add = (byte: number) => {
    crc = ((crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0;
  };
  for (let index = 0; index < text.length; index++) add(text.charCodeAt(index) & 0xff);
  for (let length = text.length; length > 0; length = Math.floor(length / 256)) add(length & 0xff);
  return ~crc >>> 0;
}
