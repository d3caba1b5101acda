import { type ConnectionError, type ConnectionFailure, toCopy } from "../errors";
import { algorithmsOfKeyType } from "./algorithms";
import { hopError, hopName } from "./connection-failure";
import {
  fingerprint,
  type HostKeyVerdict,
  judgeHostKey,
  type KnownHostsLine,
  keyTypeOf,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from "./known-hosts";
import { readText } from "./login-environment";
import type { ResolvedHop } from "./resolved-login";

/**
 * Decides whether a host is the right one: by the property `hostKey` where it is set, else by the known_hosts files.
 */
export class HostKeyCheck {
  private readonly lines: readonly KnownHostsLine[];
  private readonly presented = new Map<string, Buffer>();

  constructor(private readonly hop: ResolvedHop) {
    this.lines = hop.knownHostsFiles.flatMap((file) => parseKnownHosts(readText(file) ?? "", file));
  }

  /**
   * Host key algorithms to ask for, best first. Those of the keys known for the host come first (as in OpenSSH's
   * sshconnect2.c, order_hostkeyalgs), so that a host with several keys presents one that can be checked. `hostKey`
   * names no type, so with it each type that turned out to be another key is left out of the next attempt.
   */
  algorithms(): readonly string[] {
    const { hop } = this;
    const offer = hop.algorithms.hostKey;
    if (hop.hostKey !== undefined) {
      const seen = [...this.presented.keys()].flatMap(algorithmsOfKeyType);
      return offer.filter((name) => !seen.includes(name));
    }
    if (hop.hostKeyOrderGiven) return offer;
    const known = knownKeyTypes(this.lines, ...this.lookedUp()).flatMap(algorithmsOfKeyType);
    return [...offer.filter((name) => known.includes(name)), ...offer.filter((name) => !known.includes(name))];
  }

  /**
   * The reason to refuse a presented key (SSH wire format); undefined for the right key. `retry`: a key of another type
   * may be right.
   */
  judge(key: Buffer): { readonly retry: boolean; readonly error: ConnectionError } | undefined {
    this.presented.set(keyTypeOf(key) ?? "", key);
    if (this.hop.hostKey !== undefined) return this.compare(key, this.hop.hostKey);
    const verdict = judgeHostKey(this.lines, ...this.lookedUp(), key);
    return verdict.kind === "known" ? undefined : { retry: false, error: this.refusal(verdict, key) };
  }

  private compare(key: Buffer, declared: string) {
    if (fingerprint(key) === declared.trim().replace(/=+$/, "")) return undefined;
    const retry = this.algorithms().length > 0;
    const keys = [...this.presented].map(([type, value]) => `${type} ${fingerprint(value)}`).join(", ");
    const error = this.error(
      "host-key-wrong",
      `the host presented the key ${keys}, but \`hostKey\` says ${declared}. ` +
        "Either another machine answers at this address, or the host's key was changed. " +
        "Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host's own console " +
        "before you change `hostKey`.",
    );
    return { retry, error };
  }

  private refusal(verdict: Exclude<HostKeyVerdict, { kind: "known" }>, key: Buffer): ConnectionError {
    const presented = `${keyTypeOf(key)} ${fingerprint(key)}`;
    switch (verdict.kind) {
      case "revoked":
        return this.error(
          "host-key-wrong",
          `its key ${presented} is revoked at ${lineName(verdict.by)}. ` +
            "Give the host a new key, and add that to known_hosts.",
        );
      case "other-key": {
        const known = verdict.known
          .map((line) => `${line.keyType} ${fingerprintOf(line)} at ${lineName(line)}`)
          .join(", ");
        return this.error(
          "host-key-wrong",
          `the host presented the key ${presented}, but known_hosts has ${known}. ` +
            "Either another machine answers at this address, or the host was reinstalled. " +
            `If you are sure of the latter, replace that line with:${toCopy(this.lineFor(key))}`,
        );
      }
      case "unknown": {
        const [authority] = verdict.authorities;
        const reason = authority
          ? `known_hosts has only a certificate authority for it (${lineName(authority)}), and this provider ` +
            "cannot check host certificates, so it needs the host's own key"
          : `no known_hosts file has a key for it (${this.hop.knownHostsFiles.join(", ") || "none is configured"})`;
        // `hostKey` is about the declared host, never about its jump hosts.
        const setting = this.hop.jumpHostFor === undefined ? `set \`hostKey: "${fingerprint(key)}"\`, or ` : "";
        return this.error(
          "host-key-unknown",
          `${reason}. The host presented ${presented}. Compare it with what \`ssh-keygen -lf\` prints for the .pub ` +
            `files in /etc/ssh on the host. If it is the same, ${setting}add this line to known_hosts:${toCopy(this.lineFor(key))}`,
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

  private error(failure: ConnectionFailure, reason: string): ConnectionError {
    return hopError(failure, this.hop, { purpose: `trust ${hopName(this.hop)}`, reason });
  }
}

function lineName(line: KnownHostsLine): string {
  return `${line.file}:${line.line}`;
}

function fingerprintOf(line: KnownHostsLine): string {
  return fingerprint(Buffer.from(line.key, "base64"));
}
