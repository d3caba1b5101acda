import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { wildcardExpression } from "./algorithms";

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: "none" | "revoked" | "cert-authority";
  readonly names: string;
  readonly keyType: string;
  /** The public key as SSH sends it, in base64. */
  readonly key: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Whether the key that a host shows is the one that is known for it. */
export type HostKeyVerdict =
  | { readonly kind: "known" }
  | { readonly kind: "unknown"; readonly authorities: readonly KnownHost[] }
  | { readonly kind: "other-key"; readonly known: readonly KnownHost[] }
  | { readonly kind: "revoked"; readonly by: KnownHost };

/** Reads a known_hosts text. Comments, empty lines and lines that no ssh understands are left out. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split("\n").flatMap((content, index) => {
    const words = content.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith("@") ? words.shift()?.slice(1) : "none";
    const [names = "", keyType = "", key = ""] = words;
    if (names === "" || names.startsWith("#") || keyTypeOf(Buffer.from(key, "base64")) !== keyType) return [];
    if (marker !== "none" && marker !== "revoked" && marker !== "cert-authority") return [];
    return [{ marker, names, keyType, key, file, line: index + 1 }];
  });
}

/** How known_hosts names a host: `host`, or `[host]:port` when the port is not 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** Whether a line is about the host; names are a hash `|1|salt|hash` or patterns of which none may be negated and match. */
export function isAbout(known: KnownHost, name: string): boolean {
  if (known.names.startsWith("|")) return matchesHash(known.names, name);
  let matches = false;
  for (const pattern of known.names.toLowerCase().split(",")) {
    const negated = pattern.startsWith("!");
    if (!wildcardExpression(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    matches = true;
  }
  return matches;
}

/** The hashed form of a host name, as `HashKnownHosts` and `ssh-keygen -H` write it. */
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
 * Judges a shown key (in SSH's wire form) as ssh does: revoked wins, then an equal key; a line with another key means
 * that the key changed. A host on another port is also known by its name alone, but only when the key is equal
 * (OpenSSH 9.9, sshconnect.c, check_host_key: "checking without port identifier").
 */
export function judgeHostKey(lines: readonly KnownHost[], host: string, port: number, shown: Buffer): HostKeyVerdict {
  const key = shown.toString("base64");
  const equal = (known: KnownHost): boolean => sameBase64(known.key, key);
  const exact = lines.filter((known) => isAbout(known, knownHostName(host, port)));
  const byName = lines.filter((known) => isAbout(known, knownHostName(host, 22)));
  const revoked = [...exact, ...byName].find((known) => known.marker === "revoked" && equal(known));
  if (revoked) return { kind: "revoked", by: revoked };
  const plain = exact.filter((known) => known.marker === "none");
  if (plain.some(equal)) return { kind: "known" };
  if (plain.length > 0) return { kind: "other-key", known: plain };
  if (byName.some((known) => known.marker === "none" && equal(known))) return { kind: "known" };
  return { kind: "unknown", authorities: exact.filter((known) => known.marker === "cert-authority") };
}

/** Types of the keys that are known for a host; a host is asked for these first. */
export function knownKeyTypes(lines: readonly KnownHost[], host: string, port: number): readonly string[] {
  const typesFor = (name: string): readonly string[] =>
    lines.filter((known) => known.marker === "none" && isAbout(known, name)).map(({ keyType }) => keyType);
  const types = typesFor(knownHostName(host, port));
  return [...new Set(types.length > 0 ? types : typesFor(knownHostName(host, 22)))];
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a public key in SSH's wire form carries in front, or undefined when it is no key. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= key.length - 4 ? key.toString("latin1", 4, 4 + length) : undefined;
}

function sameBase64(one: string, other: string): boolean {
  return one.replace(/=+$/, "") === other.replace(/=+$/, "");
}
