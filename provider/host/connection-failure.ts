import { ConnectionError, type ConnectionFailure } from "../errors";
import { ALGORITHM_SETTING, type AlgorithmKind, oldAlgorithmsAmong } from "./algorithms";
import type { Credentials } from "./credentials";
import type { ResolvedHop } from "./resolved-login";

/** How far a connection had come when it failed. */
export type ConnectionPhase = "tcp" | "handshake" | "login";

/** What is known of an attempt when it fails. */
export interface FailedAttempt {
  readonly hop: ResolvedHop;
  readonly phase: ConnectionPhase;
  readonly credentials: Credentials;
  /** Labels of the credentials that the host was shown. */
  readonly tried: readonly string[];
  /** Methods that the host takes, once it said so. */
  readonly methods: readonly string[] | undefined;
  /** What the host can do, as far as it said so. */
  readonly hostAlgorithms: Partial<Readonly<Record<AlgorithmKind, readonly string[]>>>;
}

const NETWORK_FAILURE: Readonly<Record<string, readonly [ConnectionFailure, string, string]>> = {
  ENOTFOUND: ["name-not-found", "the name is not known", "Check `address`, or give the IP address."],
  EAI_AGAIN: ["name-not-found", "the name servers did not answer", "Check `address` and this machine's DNS."],
  ECONNREFUSED: ["refused", "nothing listens there", "Check `port`, and that sshd runs on the host."],
  EHOSTUNREACH: ["no-answer", "there is no way to the host", "Check that the host is on, the route and the firewalls."],
  ENETUNREACH: ["no-answer", "there is no way to its network", "Check this machine's network, VPN and routes."],
  ETIMEDOUT: ["no-answer", "it did not answer", "Check that the host is on, the route and the firewalls."],
};

/** The ConnectionError for what ssh2 or the network said. Never holds a secret: ssh2's errors quote none. */
export function connectionFailure(error: Error, attempt: FailedAttempt): ConnectionError {
  const { hop, phase } = attempt;
  const code = errorCode(error);
  const network = code === undefined ? undefined : NETWORK_FAILURE[code];
  if (network && phase === "tcp") {
    const [failure, because, advice] = network;
    return new ConnectionError(failure, `Unable to reach ${place(hop)}: ${because} (${code}). ${advice}`, {
      cause: error,
    });
  }
  const mismatch = /^Handshake failed: no matching (.*)$/i.exec(error.message)?.[1];
  if (mismatch !== undefined) return noCommonAlgorithm(mismatch, attempt, error);
  if (phase === "login") return rejected(error, attempt);
  return new ConnectionError(
    phase === "tcp" ? "no-answer" : "cut",
    `Unable to reach ${place(hop)}: ${error.message}. Check that an SSH server answers there: ssh -p ${hop.port} ${hop.hostName}`,
    { cause: error },
  );
}

export function noAnswer(hop: ResolvedHop, waitedMs: number, phase: ConnectionPhase): ConnectionError {
  const missing = { tcp: "no answer", handshake: "no end of the key exchange", login: "no end of the login" }[phase];
  return new ConnectionError(
    "no-answer",
    `Unable to reach ${place(hop)}: ${missing} in ${waitedMs / 1000} s. ` +
      "Check that the host is on, the route and the firewalls; for a slow host set ConnectTimeout in ~/.ssh/config.",
  );
}

/** Before anything is sent: there is nothing to log in with. */
export function noCredentials(hop: ResolvedHop, { unusable, missing }: Credentials): ConnectionError {
  const because =
    missing.length > 0
      ? `there is no identity file ${missing.join(", ")}`
      : `there is no usable key, agent or password${unusable.length > 0 ? `; not usable: ${unusable.join(", ")}` : ""}`;
  return new ConnectionError(
    "no-credentials",
    `Unable to log in to ${place(hop)} as ${hop.user}: ${because}. Add a key to your ssh agent, or set \`identityFile\`, ` +
      "`privateKey` or `password` (or PCI_PASSTHROUGH_IDENTITY_FILE in the environment).",
  );
}

function rejected(error: Error, { hop, credentials, tried, methods }: FailedAttempt): ConnectionError {
  const takes = methods === undefined ? "" : `, which takes ${methods.join(", ") || "no method that we know"},`;
  const shown = tried.length > 0 ? tried.join(", ") : "nothing, as we have nothing that it takes";
  const others = credentials.unusable.length > 0 ? ` Not usable: ${credentials.unusable.join(", ")}.` : "";
  // "All configured authentication methods failed" says no more than we do; what sshd itself said (too many tries) does.
  const said = /^All configured/.test(error.message) ? "" : ` It said: ${error.message}.`;
  return new ConnectionError(
    "credentials-rejected",
    `Unable to log in to ${place(hop)} as ${hop.user}: the host${takes} was shown ${shown}, and let us not in.${said}${others} ` +
      `Check \`user\`, and that the public key is in that user's authorized_keys on the host (ssh-copy-id).`,
    { cause: error },
  );
}

// ssh2's words for each list (1.17.0, lib/protocol/kex.js, handleKexInit).
function kindOf(mismatch: string): AlgorithmKind | undefined {
  if (/key exchange/i.test(mismatch)) return "kex";
  if (/host key/i.test(mismatch)) return "hostKey";
  if (/cipher/i.test(mismatch)) return "cipher";
  return /MAC/.test(mismatch) ? "mac" : undefined;
}

function noCommonAlgorithm(mismatch: string, { hop, hostAlgorithms }: FailedAttempt, cause: Error): ConnectionError {
  const kind = kindOf(mismatch);
  const theirs = (kind && hostAlgorithms[kind]) ?? [];
  const old = kind === undefined ? [] : oldAlgorithmsAmong(kind, theirs);
  const lines = old.length > 0 && kind !== undefined ? [`${ALGORITHM_SETTING[kind]} +${old.join(",")}`] : [];
  // A server with nothing but SHA-1 key exchanges is older than OpenSSH 4.4, so its host key is one of these two as well:
  // ssh2 stops at the first list without a match, and the user should not have to come back for the second.
  if (kind === "kex" && lines.length > 0) lines.push(`${ALGORITHM_SETTING.hostKey} +ssh-rsa`);
  const advice =
    lines.length > 0
      ? `When this old host must be used as it is, add to ~/.ssh/config under "Host ${hop.name}": ${lines.join(" and ")}`
      : "Update the host's SSH server, remove the limits for it from ~/.ssh/config, or reach it through a newer host with `proxyJump`.";
  const offers = theirs.length > 0 ? `; the host offers ${theirs.join(", ")}` : "";
  return new ConnectionError(
    "no-common-algorithm",
    `Unable to speak with ${place(hop)}: no matching ${mismatch}${offers}. ${advice}`,
    { cause },
  );
}

/** `xen1 (10.0.0.1 port 22)`, as messages name a host that is not yet reached. */
export function place({ name, hostName, port }: ResolvedHop): string {
  return name === hostName ? `${name} port ${port}` : `${name} (${hostName} port ${port})`;
}

function errorCode(error: object): string | undefined {
  // Node tries every address of a name and then throws one error for all of them (Node 20, net, autoSelectFamily).
  const [first]: unknown[] = "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  const code = typeof first === "object" && first !== null && "code" in first ? first.code : undefined;
  return typeof code === "string" ? code : undefined;
}
