import { ConnectionError } from "../errors";
import { algorithmsOfKeyType } from "./algorithms";
import {
  fingerprint,
  type HostKeyVerdict,
  judgeHostKey,
  type KnownHost,
  keyTypeOf,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from "./known-hosts";
import { readText } from "./login-surroundings";
import type { ResolvedHop } from "./resolved-login";

/** Decides whether a host is the one that it should be: by the property `hostKey`, else by the known_hosts files. */
export class HostKeyCheck {
  private readonly lines: readonly KnownHost[];
  private readonly shown = new Map<string, Buffer>();

  constructor(private readonly hop: ResolvedHop) {
    this.lines = hop.knownHostsFiles.flatMap((file) => parseKnownHosts(readText(file) ?? "", file));
  }

  /**
   * Host key algorithms to ask for, best first: those of the keys that are known for the host come first (as OpenSSH's
   * sshconnect2.c, order_hostkeyalgs), so that a host with several keys shows the one that we can judge. With `hostKey`,
   * which names no type, every type that was shown and is not the key is left out the next time.
   */
  algorithms(): readonly string[] {
    const { hop } = this;
    const offer = hop.algorithms.hostKey;
    if (hop.hostKey !== undefined) {
      const seen = [...this.shown.keys()].flatMap(algorithmsOfKeyType);
      return offer.filter((name) => !seen.includes(name));
    }
    if (hop.hostKeyOrderGiven) return offer;
    const known = knownKeyTypes(this.lines, ...this.lookedUp()).flatMap(algorithmsOfKeyType);
    return [...offer.filter((name) => known.includes(name)), ...offer.filter((name) => !known.includes(name))];
  }

  /** Undefined when the host is the right one. `another` when asking for a key of another type may still show the right one. */
  judge(key: Buffer): { readonly another: boolean; readonly error: ConnectionError } | undefined {
    this.shown.set(keyTypeOf(key) ?? "", key);
    if (this.hop.hostKey !== undefined) return this.compare(key, this.hop.hostKey);
    const verdict = judgeHostKey(this.lines, ...this.lookedUp(), key);
    return verdict.kind === "known" ? undefined : { another: false, error: this.refusal(verdict, key) };
  }

  private compare(key: Buffer, declared: string) {
    if (fingerprint(key) === declared.trim().replace(/=+$/, "")) return undefined;
    const another = this.algorithms().length > 0;
    const shown = [...this.shown].map(([type, value]) => `${type} ${fingerprint(value)}`).join(", ");
    const error = new ConnectionError(
      "host-key-wrong",
      `${this.unable()}: the host shows the key ${shown}, and \`hostKey\` says ${declared}. ` +
        "Either another machine answers at this address, or the host got a new key. " +
        "Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host's own console before changing `hostKey`.",
    );
    return { another, error };
  }

  private refusal(verdict: Exclude<HostKeyVerdict, { kind: "known" }>, key: Buffer): ConnectionError {
    const shown = `${keyTypeOf(key)} ${fingerprint(key)}`;
    switch (verdict.kind) {
      case "revoked":
        return new ConnectionError(
          "host-key-wrong",
          `${this.unable()}: its key ${shown} is revoked at ${place(verdict.by)}. Give the host a new key, and add that one.`,
        );
      case "other-key": {
        const known = verdict.known
          .map((line) => `${line.keyType} ${fingerprintOf(line)} at ${place(line)}`)
          .join(", ");
        return new ConnectionError(
          "host-key-wrong",
          `${this.unable()}: the host shows the key ${shown}, and known_hosts has ${known}. ` +
            "Either another machine answers at this address, or the host was installed anew. When you are sure that it is " +
            `the latter, put this in that line's place: ${this.lineFor(key)}`,
        );
      }
      case "unknown": {
        const [authority] = verdict.authorities;
        const because = authority
          ? `known_hosts has only a certificate authority for it (${place(authority)}), and this provider cannot check host ` +
            "certificates, so it needs the host's own key"
          : `no known_hosts file has a key for it (${this.hop.knownHostsFiles.join(", ") || "none is configured"})`;
        return new ConnectionError(
          "host-key-unknown",
          `${this.unable()}: ${because}. The host shows ${shown}. Compare that with \`ssh-keygen -lf\` of the .pub files in ` +
            `/etc/ssh on the host. When it is the same, add this line to known_hosts: ${this.lineFor(key)} ` +
            `or set \`hostKey: "${fingerprint(key)}"\`.`,
        );
      }
    }
  }

  private lookedUp(): readonly [host: string, port: number] {
    const { hostKeyAlias, hostName, port } = this.hop;
    return hostKeyAlias === undefined ? [hostName, port] : [hostKeyAlias, 22];
  }

  private lineFor(key: Buffer): string {
    return `${knownHostName(...this.lookedUp())} ${keyTypeOf(key)} ${key.toString("base64")}`;
  }

  private unable(): string {
    return `Unable to trust the host ${this.hop.name}`;
  }
}

function place(line: KnownHost): string {
  return `${line.file}:${line.line}`;
}

function fingerprintOf(line: KnownHost): string {
  return fingerprint(Buffer.from(line.key, "base64"));
}
