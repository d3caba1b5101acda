import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { matchesPatterns } from "./ssh-pattern";

/** A line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHostsLine {
  readonly marker: "none" | "revoked" | "cert-authority";
  /** Patterns separated by commas, or a hash `|1|salt|hash`. */
  readonly names: string;
  /** `ssh-ed25519` */
  readonly keyType: string;
  /** The public key in SSH's wire format (RFC 4253, 6.6), in base64. */
  readonly key: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Whether the key that a host presents is the one that is known for it. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "unknown"; readonly authorities: readonly KnownHostsLine[] }
  | { readonly kind: "other-key"; readonly known: readonly KnownHostsLine[] }
  | { readonly kind: "revoked"; readonly by: KnownHostsLine };

/** Parses a known_hosts file. Comments, empty lines and lines that ssh would not understand are left out. */
export function parseKnownHosts(text: string, file: string): readonly KnownHostsLine[] {
  return text.split("\n").flatMap((content, index) => {
    const words = content.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith("@") ? words.shift()?.slice(1) : "none";
    const [names = "", keyType = "", key = ""] = words;
    if (names === "" || names.startsWith("#") || keyTypeOf(Buffer.from(key, "base64")) !== keyType) return [];
    if (marker !== "none" && marker !== "revoked" && marker !== "cert-authority") return [];
    return [{ marker, names, keyType, key, file, line: index + 1 }];
  });
}

/** The name of a host in known_hosts: `host`, or `[host]:port` when the port is not 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/**
 * Whether a line applies to a host of this name (see `knownHostName`): its hash matches, or a pattern does and no
 * negated one does.
 */
export function appliesTo(line: KnownHostsLine, name: string): boolean {
  if (line.names.startsWith("|")) return matchesHash(line.names, name);
  return matchesPatterns(line.names.toLowerCase().split(","), name);
}

/** The hashed form of a host name, as `HashKnownHosts` and `ssh-keygen -H` write it. `salt`: 20 bytes. */
export function hashHostName(name: string, salt: Buffer): string {
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt = "", hash = ""] = hashed.split("|");
  if (version !== "1") return false;
  const wanted = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === actual.length && timingSafeEqual(wanted, actual);
}

/**
 * Judges a presented key (SSH wire format) as ssh does: revoked wins, then an equal key; a line with another key means
 * that the key has changed. A host on another port is also judged by its bare name, but only where its own name has no
 * line (OpenSSH 9.9, sshconnect.c, check_host_key: "checking without port identifier").
 */
export function judgeHostKey(
  lines: readonly KnownHostsLine[],
  host: string,
  port: number,
  presented: Buffer,
): HostKeyVerdict {
  const key = presented.toString("base64");
  const equal = (line: KnownHostsLine): boolean => sameBase64(line.key, key);
  const exact = lines.filter((line) => appliesTo(line, knownHostName(host, port)));
  const byName = lines.filter((line) => appliesTo(line, knownHostName(host, 22)));
  const revokedBy = (found: readonly KnownHostsLine[]) =>
    found.find((line) => line.marker === "revoked" && equal(line));
  const revoked = revokedBy(exact);
  if (revoked) return { kind: "revoked", by: revoked };
  const plain = exact.filter((line) => line.marker === "none");
  if (plain.some(equal)) return { kind: "known" };
  if (plain.length > 0) return { kind: "other-key", known: plain };
  const byNameRevoked = revokedBy(byName);
  if (byNameRevoked) return { kind: "revoked", by: byNameRevoked };
  if (byName.some((line) => line.marker === "none" && equal(line))) return { kind: "known" };
  return { kind: "unknown", authorities: exact.filter((line) => line.marker === "cert-authority") };
}

/** Types of the keys that are known for a host, such as `ssh-ed25519`. */
export function knownKeyTypes(lines: readonly KnownHostsLine[], host: string, port: number): readonly string[] {
  const typesFor = (name: string): readonly string[] =>
    lines.filter((line) => line.marker === "none" && appliesTo(line, name)).map(({ keyType }) => keyType);
  const types = typesFor(knownHostName(host, port));
  return [...new Set(types.length > 0 ? types : typesFor(knownHostName(host, 22)))];
}

/** The fingerprint of a public key in SSH's wire format: `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a public key in SSH's wire format starts with; undefined when it is not a key. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= key.length - 4 ? key.toString("latin1", 4, 4 + length) : undefined;
}

function sameBase64(text: string, other: string): boolean {
  return text.replace(/=+$/, "") === other.replace(/=+$/, "");
}
