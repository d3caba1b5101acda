import type { AnyAuthMethod, ParsedKey } from "ssh2";
import { utils } from "ssh2";
import { type AgentKey, agentKeys, SingleKeyAgent } from "./agent-keys";
import { acceptsKeyType } from "./algorithms";
import { fingerprint } from "./known-hosts";
import { readText } from "./login-environment";
import type { IdentityFile, ResolvedHop } from "./resolved-login";

/** A way to log in that can be tried. */
export interface Credential {
  /** The SSH method (RFC 4252) that it uses: the host says which ones it accepts. */
  readonly method: "publickey" | "password" | "keyboard-interactive";
  /** For messages, free of secrets: `~/.ssh/id_ed25519 (SHA256:…)`. */
  readonly label: string;
  readonly attempt: AnyAuthMethod;
}

/** Everything there is to log in to a host with. */
export interface Credentials {
  /** In the order in which they are tried. */
  readonly usable: readonly Credential[];
  /** What was found but cannot be used, each with the reason: `~/.ssh/id_rsa (it needs a passphrase)`. */
  readonly unusable: readonly string[];
  /** Paths of declared identity files that do not exist. */
  readonly missing: readonly string[];
}

type KeyFile =
  | {
      readonly kind: "private";
      readonly file: IdentityFile | undefined;
      readonly label: string;
      readonly key: ParsedKey;
    }
  /** Only the public half can be read: the private half is in the agent, or needs a passphrase. */
  | { readonly kind: "public"; readonly file: IdentityFile; readonly key: ParsedKey; readonly unusable: string }
  | { readonly kind: "unusable"; readonly unusable: string }
  | { readonly kind: "missing"; readonly file: IdentityFile };

/**
 * Collects the ways to log in to a host, in the order in which they are tried: the named keys, the other keys of the
 * agent, the password, and the password as the answer to the host's prompt (many sshd accept passwords only that way).
 */
export async function collectCredentials(hop: ResolvedHop): Promise<Credentials> {
  const files = [...inlineKey(hop), ...hop.identityFiles.map((file) => readIdentity(file, hop.passphrase))];
  const agent = hop.agent === undefined ? { keys: [] } : await agentKeys(hop.agent);

  const usable: Credential[] = [];
  const unusable: string[] = "problem" in agent ? [agent.problem] : [];
  const unnamed = new Set(agent.keys);
  const fromAgent = (key: AgentKey): void => {
    unnamed.delete(key);
    usable.push(agentCredential(hop.user, key));
  };
  for (const file of files) {
    if (file.kind === "unusable") unusable.push(file.unusable);
    if (file.kind === "missing" && file.file.source === "configured") unusable.push(`${file.file.path} (no such file)`);
    if (file.kind === "private") {
      usable.push(keyCredential(hop.user, file.label, file.key));
      for (const key of unnamed) if (sameKey(key.key, file.key)) unnamed.delete(key);
    }
    if (file.kind === "public") {
      const held = [...unnamed].find(({ key }) => sameKey(key, file.key));
      if (held) fromAgent(held);
      else unusable.push(file.unusable);
    }
  }
  if (!hop.identitiesOnly) for (const key of [...unnamed]) fromAgent(key);

  const accepted = usable.filter((credential) => acceptsKeyType(hop.acceptedKeys, keyTypeIn(credential)));
  for (const { label } of usable.filter((credential) => !accepted.includes(credential))) {
    unusable.push(`${label} (PubkeyAcceptedAlgorithms in the ssh config excludes its type)`);
  }
  const missing = files.flatMap((file) =>
    file.kind === "missing" && file.file.source === "declared" ? [file.file.path] : [],
  );
  return { usable: [...accepted, ...passwordCredentials(hop)], unusable, missing };
}

function inlineKey(hop: ResolvedHop): readonly KeyFile[] {
  if (hop.privateKey === undefined) return [];
  const key = firstKey(hop.privateKey, hop.passphrase);
  if (key instanceof Error)
    return [{ kind: "unusable", unusable: `the property privateKey (${whyUnusable(key, hop.passphrase)})` }];
  if (!key.isPrivateKey())
    return [{ kind: "unusable", unusable: "the property privateKey (it is a public key, not a private one)" }];
  return [{ kind: "private", file: undefined, label: `the property privateKey (${keyName(key)})`, key }];
}

function readIdentity(file: IdentityFile, passphrase: string | undefined): KeyFile {
  const text = readText(file.path);
  const publicHalf = readText(`${file.path}.pub`);
  if (text === undefined && publicHalf === undefined) return { kind: "missing", file };
  const key = firstKey(text ?? publicHalf ?? "", passphrase);
  if (key instanceof Error) {
    const unusable = `${file.path} (${whyUnusable(key, passphrase)})`;
    const known = publicHalf === undefined ? undefined : firstKey(publicHalf, undefined);
    if (known === undefined || known instanceof Error) return { kind: "unusable", unusable };
    return { kind: "public", file, key: known, unusable };
  }
  if (key.isPrivateKey()) return { kind: "private", file, label: `${file.path} (${keyName(key)})`, key };
  return {
    kind: "public",
    file,
    key,
    unusable: `${file.path} (it is a public key, and the ssh agent does not hold the private key)`,
  };
}

function firstKey(text: string, passphrase: string | undefined): ParsedKey | Error {
  const parsed: unknown = utils.parseKey(text, passphrase);
  // ssh2 1.17.0 returns an array for OpenSSH's format, which may hold several keys; @types/ssh2 1.15.6 does not say so.
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
}

// ssh2's messages are in lib/protocol/keyParser.js (1.17.0); they never quote the key or the passphrase.
function whyUnusable(error: Error, passphrase: string | undefined): string {
  if (/no passphrase given/.test(error.message))
    return "it needs a passphrase: set `passphrase`, or add the key to your ssh agent";
  if (passphrase !== undefined && /passphrase|decrypt|integrity/i.test(error.message))
    return "`passphrase` does not decrypt it";
  return `not a usable key: ${error.message}`;
}

function keyCredential(username: string, label: string, key: ParsedKey): Credential {
  return { method: "publickey", label, attempt: { type: "publickey", username, key } };
}

function agentCredential(username: string, held: AgentKey): Credential {
  const label = `agent key ${held.key.comment || "without comment"} (${keyName(held.key)})`;
  return { method: "publickey", label, attempt: { type: "agent", username, agent: new SingleKeyAgent(held) } };
}

function passwordCredentials({ user: username, password }: ResolvedHop): readonly Credential[] {
  if (password === undefined) return [];
  return [
    { method: "password", label: "password", attempt: { type: "password", username, password } },
    {
      method: "keyboard-interactive",
      label: "password (keyboard-interactive)",
      attempt: {
        type: "keyboard-interactive",
        username,
        // Only a prompt whose answer is hidden asks for the password; a visible one (a user name, a menu) gets no
        // secret.
        prompt: (_name, _instructions, _language, prompts, answer) =>
          answer(prompts.map(({ echo }) => (echo ? "" : password))),
      },
    },
  ];
}

function keyTypeIn({ attempt }: Credential): string {
  if (attempt.type === "agent" && attempt.agent instanceof SingleKeyAgent) return attempt.agent.keyType;
  return attempt.type === "publickey" && typeof attempt.key === "object" && "type" in attempt.key
    ? attempt.key.type
    : "";
}

function keyName(key: ParsedKey): string {
  return `${key.type} ${fingerprint(key.getPublicSSH())}`;
}

function sameKey(key: ParsedKey, other: ParsedKey): boolean {
  return key.getPublicSSH().equals(other.getPublicSSH());
}
