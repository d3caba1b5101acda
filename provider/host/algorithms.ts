import type { Algorithms } from "ssh2";
import { matchesPattern } from "./ssh-pattern";

/** One of the four lists that both sides of SSH must agree on. */
export type AlgorithmKind = "kex" | "hostKey" | "cipher" | "mac";

/** The algorithms offered to a host, best first. */
export type AlgorithmOffer = Readonly<Record<AlgorithmKind, readonly string[]>>;

/** The keyword of ssh_config(5) that sets each list. */
export const ALGORITHM_SETTING: Readonly<Record<AlgorithmKind, string>> = {
  kex: "KexAlgorithms",
  hostKey: "HostKeyAlgorithms",
  cipher: "Ciphers",
  mac: "MACs",
};

/**
 * What ssh2 1.17.0 supports (lib/protocol/constants.js). `standard` is offered to every host; `legacy` only where the
 * user's ssh config allows it, as in OpenSSH since 8.8 (ssh-rsa) and 7.0 (group1, ssh-dss).
 */
const SUPPORTED: Readonly<
  Record<AlgorithmKind, { readonly standard: readonly string[]; readonly legacy: readonly string[] }>
> = {
  kex: {
    standard: [
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      "ecdh-sha2-nistp256",
      "ecdh-sha2-nistp384",
      "ecdh-sha2-nistp521",
      "diffie-hellman-group-exchange-sha256",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
      "diffie-hellman-group14-sha256",
      "diffie-hellman-group15-sha512",
      "diffie-hellman-group17-sha512",
    ],
    legacy: ["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"],
  },
  hostKey: {
    standard: [
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
      "ecdsa-sha2-nistp384",
      "ecdsa-sha2-nistp521",
      "rsa-sha2-512",
      "rsa-sha2-256",
    ],
    legacy: ["ssh-rsa", "ssh-dss"],
  },
  cipher: {
    standard: [
      "aes128-gcm@openssh.com",
      "aes256-gcm@openssh.com",
      "chacha20-poly1305@openssh.com",
      "aes128-ctr",
      "aes192-ctr",
      "aes256-ctr",
    ],
    legacy: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
  },
  mac: {
    standard: [
      "hmac-sha2-256-etm@openssh.com",
      "hmac-sha2-512-etm@openssh.com",
      "hmac-sha1-etm@openssh.com",
      "hmac-sha2-256",
      "hmac-sha2-512",
      "hmac-sha1",
    ],
    legacy: ["hmac-sha1-96", "hmac-md5", "hmac-md5-96"],
  },
};

/**
 * Applies an ssh_config(5) value to the list of one kind: `a,b` replaces it, `+a` appends, `-a` removes, `^a` puts
 * first; names may have wildcards. Names that ssh2 does not support are left out, as in an OpenSSH built without them.
 */
export function algorithmList(kind: AlgorithmKind, setting: string | undefined): readonly string[] {
  const { standard, legacy } = SUPPORTED[kind];
  if (setting === undefined) return standard;
  const operator = /^[+^-]/.exec(setting)?.[0];
  const patterns = setting.slice(operator ? 1 : 0).split(",");
  const matching = (pattern: string) => [...standard, ...legacy].filter((name) => matchesPattern(pattern, name));
  const named = [...new Set(patterns.flatMap(matching))];
  const unnamed = standard.filter((name) => !named.includes(name));
  switch (operator) {
    case "+":
      return [...standard, ...named.filter((name) => !standard.includes(name))];
    case "-":
      return unnamed;
    case "^":
      return [...named, ...unnamed];
    default:
      return named;
  }
}

/** The algorithms offered by a host that could be used if the ssh config allowed them. */
export function legacyAlgorithmsAmong(kind: AlgorithmKind, offered: readonly string[]): readonly string[] {
  return SUPPORTED[kind].legacy.filter((name) => offered.includes(name));
}

/** The signature algorithms of a key type: RSA keys have three. */
export function algorithmsOfKeyType(keyType: string): readonly string[] {
  return keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [keyType];
}

/**
 * Whether a `PubkeyAcceptedAlgorithms` value allows logins with a key of this type. ssh2 itself chooses the RSA
 * signature.
 */
export function acceptsKeyType(setting: string | undefined, keyType: string): boolean {
  if (setting === undefined || /^[+^]/.test(setting)) return true;
  const named = setting.replace(/^-/, "").split(",");
  const isNamed = (name: string): boolean => named.some((pattern) => matchesPattern(pattern, name));
  const algorithms = algorithmsOfKeyType(keyType);
  return setting.startsWith("-") ? !algorithms.every(isNamed) : algorithms.some(isNamed);
}

/**
 * The offer as ssh2 takes it: patterns instead of names, because ssh2 throws for a name that this Node's OpenSSL lacks.
 */
export function ssh2Algorithms(offer: AlgorithmOffer): Algorithms {
  const list = (names: readonly string[]) => ({ remove: [/./], append: names.map(exactly) });
  // @types/ssh2 1.15.6 allows neither patterns nor a missing "prepend"; ssh2's lib/utils.js, generateAlgorithmList,
  // takes both.
  return {
    kex: list(offer.kex),
    serverHostKey: list(offer.hostKey),
    cipher: list(offer.cipher),
    hmac: list(offer.mac),
  } as unknown as Algorithms;
}

function exactly(name: string): RegExp {
  return new RegExp(`^${name.replace(/[\\^$.|+()[\]{}*?]/g, "\\$&")}$`);
}
