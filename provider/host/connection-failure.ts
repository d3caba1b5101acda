import { ConnectionError, type ConnectionFailure, type ErrorDetails, toCopy, unable } from "../errors";
import { ALGORITHM_SETTING, type AlgorithmKind, legacyAlgorithmsAmong } from "./algorithms";
import type { Credentials } from "./credentials";
import type { ResolvedHop } from "./resolved-login";

/** How far a connection had got when it failed. */
export type ConnectionPhase = "tcp" | "handshake" | "login";

/** What is known about an attempt when it fails. */
export interface FailedAttempt {
  readonly hop: ResolvedHop;
  readonly phase: ConnectionPhase;
  readonly credentials: Credentials;
  /** Labels of the credentials that were offered to the host. */
  readonly tried: readonly string[];
  /** Methods that the host accepts; undefined until it has said so. */
  readonly methods: readonly string[] | undefined;
  /** Algorithms that the host supports, for the kinds that it has named. */
  readonly hostAlgorithms: Partial<Readonly<Record<AlgorithmKind, readonly string[]>>>;
}

interface NetworkFailure {
  readonly failure: ConnectionFailure;
  readonly reason: string;
  readonly advice: (settings: Settings) => string;
}

const CHECK_ROUTE = "Check that the host is on, and check the route to it and the firewalls";

const NETWORK_FAILURE: Readonly<Record<string, NetworkFailure>> = {
  ENOTFOUND: {
    failure: "name-not-found",
    reason: "the name cannot be resolved",
    advice: ({ address }) => `Check ${address}, or use the IP address.`,
  },
  EAI_AGAIN: {
    failure: "name-not-found",
    reason: "the name servers did not answer",
    advice: ({ address }) => `Check ${address} and the DNS settings of this machine.`,
  },
  ECONNREFUSED: {
    failure: "refused",
    reason: "nothing listens there",
    advice: ({ port }) => `Check ${port}, and that sshd is running there.`,
  },
  EHOSTUNREACH: { failure: "no-answer", reason: "there is no route to the host", advice: () => `${CHECK_ROUTE}.` },
  ENETUNREACH: {
    failure: "no-answer",
    reason: "there is no route to its network",
    advice: () => "Check the network, VPN and routes of this machine.",
  },
  ETIMEDOUT: { failure: "no-answer", reason: "it did not answer", advice: () => `${CHECK_ROUTE}.` },
};

/** The ConnectionError for an error of ssh2 or of the network. It holds no secret: ssh2's errors quote none. */
export function connectionFailure(cause: Error, attempt: FailedAttempt): ConnectionError {
  const { hop, phase } = attempt;
  const code = errorCode(cause);
  const network = code === undefined ? undefined : NETWORK_FAILURE[code];
  if (network && phase === "tcp") {
    const reason = `${network.reason} (${code}). ${network.advice(settingsOf(hop))}`;
    return hopError(network.failure, hop, { purpose: `reach ${hopName(hop)}`, reason, cause });
  }
  const mismatch = /^Handshake failed: no matching (.*)$/i.exec(cause.message)?.[1];
  if (mismatch !== undefined) return noCommonAlgorithm(mismatch, attempt, cause);
  if (phase === "login") return rejected(cause, attempt);
  return hopError(phase === "tcp" ? "no-answer" : "cut", hop, {
    purpose: `reach ${hopName(hop)}`,
    reason: `${cause.message}. Check that an SSH server answers there: ssh -p ${hop.port} ${hop.hostName}`,
    cause,
  });
}

/** The ConnectionError for a host that was waited for in vain; `from` is the jump host that was to forward to it. */
export function noAnswer(
  hop: ResolvedHop,
  waitedMs: number,
  phase: ConnectionPhase,
  from?: ResolvedHop,
): ConnectionError {
  const missing = {
    tcp: "it did not answer",
    handshake: "the key exchange did not finish",
    login: "the login did not finish",
  }[phase];
  return hopError("no-answer", hop, {
    purpose: `reach ${hopName(hop)}${from ? ` from the jump host ${placeName(from)}` : ""}`,
    reason:
      `${missing} within ${waitedMs / 1000} s. ${CHECK_ROUTE}; ` +
      "for a slow host set ConnectTimeout in ~/.ssh/config.",
  });
}

/** The ConnectionError for a jump host that could not open the connection to the next host. */
export function forwardFailure(hop: ResolvedHop, from: ResolvedHop, cause: Error): ConnectionError {
  // The jump host's own words: OpenSSH passes on strerror(3) or gai_strerror(3) of the failed connection.
  const output = cause.message.replace(/^\(SSH\) Channel open failure: /, "");
  const { address, port } = settingsOf(hop);
  const because = (failure: ConnectionFailure, advice: string): ConnectionError =>
    hopError(failure, hop, {
      purpose: `reach ${hopName(hop)} from the jump host ${placeName(from)}`,
      reason: `${output === "" ? "that refused, without a reason" : `that reported: ${output}`}. ${advice}`,
      output,
      cause,
    });
  if (/not known|resolve|name service/i.test(output))
    return because("name-not-found", `The jump host resolves the name: check ${address}.`);
  if (/refused|prohibited/i.test(output))
    return because("refused", `Check ${port}, and AllowTcpForwarding in the jump host's sshd_config.`);
  return because("no-answer", "Check that the host is on and that the jump host can reach it.");
}

/** The ConnectionError for a login without any credential; nothing was sent. */
export function noCredentials(hop: ResolvedHop, { unusable, missing }: Credentials): ConnectionError {
  const purpose = `log in to ${hopName(hop)} as ${hop.user}`;
  if (missing.length > 0) {
    const advice = "Correct `identityFile` (or PCI_PASSTHROUGH_IDENTITY_FILE in the environment), or leave it out.";
    const reason = `the identity file ${missing.join(", ")} does not exist. ${advice}`;
    return hopError("key-unusable", hop, { purpose, reason });
  }
  // A key that the program or the environment names should be usable wherever the program runs.
  const named = hop.privateKey !== undefined || hop.identityFiles.some(({ source }) => source === "declared");
  const others = unusable.length > 0 ? `; not usable: ${unusable.join(", ")}` : "";
  const reason = `there is no usable key, agent or password${others}`;
  const advice = isJump(hop)
    ? `Add its key to your ssh agent, or name it with IdentityFile in ~/.ssh/config. ${NO_PASSWORD}`
    : "Add a key to your ssh agent, or set `identityFile`, `privateKey` or `password` " +
      "(or PCI_PASSTHROUGH_IDENTITY_FILE in the environment).";
  return hopError(named ? "key-unusable" : "no-credentials", hop, { purpose, reason: `${reason}. ${advice}` });
}

const NO_PASSWORD = "`password` is never sent to a jump host.";

function rejected(cause: Error, { hop, credentials, tried, methods }: FailedAttempt): ConnectionError {
  const { user } = settingsOf(hop);
  const offered = tried.join(", ");
  const given = credentials.usable.map(({ label }) => label).join(", ");
  const accepted = methods?.join(", ") || "no login method that is known here";
  const isMismatch = methods !== undefined && tried.length === 0;
  const outcome = isMismatch
    ? `the host accepts only ${accepted}, but the credentials given are: ${given}`
    : `the host ${methods === undefined ? "" : `accepts ${accepted}; it `}` +
      (tried.length > 0
        ? `was offered ${offered} and refused the login`
        : "refused the login before anything was offered");
  const advice = isMismatch
    ? "Add a key to your ssh agent, or set `identityFile`, `privateKey` or `password`, as the host accepts."
    : `Check ${user}, and that the public key is in that user's authorized_keys on the host (ssh-copy-id).`;
  return hopError("credentials-rejected", hop, {
    purpose: `log in to ${hopName(hop)} as ${hop.user}`,
    reason: `${[
      outcome,
      // "All configured authentication methods failed" adds nothing; what sshd itself said (too many tries) does.
      ...(/^All configured/.test(cause.message) ? [] : [`the connection ended with: ${cause.message}`]),
      ...(credentials.unusable.length > 0 ? [`not usable: ${credentials.unusable.join(", ")}`] : []),
    ].join("; ")}. ${advice}${isJump(hop) ? ` ${NO_PASSWORD}` : ""}`,
    cause,
  });
}

// What ssh2 calls each list (1.17.0, lib/protocol/kex.js, handleKexInit).
function kindOf(mismatch: string): AlgorithmKind | undefined {
  if (/key exchange/i.test(mismatch)) return "kex";
  if (/host key/i.test(mismatch)) return "hostKey";
  if (/cipher/i.test(mismatch)) return "cipher";
  return /MAC/.test(mismatch) ? "mac" : undefined;
}

function noCommonAlgorithm(mismatch: string, { hop, hostAlgorithms }: FailedAttempt, cause: Error): ConnectionError {
  const kind = kindOf(mismatch);
  const offered = (kind && hostAlgorithms[kind]) ?? [];
  const legacy = kind === undefined ? [] : legacyAlgorithmsAmong(kind, offered);
  const lines = legacy.length > 0 && kind !== undefined ? [`${ALGORITHM_SETTING[kind]} +${legacy.join(",")}`] : [];
  // A server with only SHA-1 key exchanges is older than OpenSSH 4.4, so its host key is of one of these two types as
  // well: ssh2 stops at the first list without a match, and the user should not have to come back for the second.
  if (kind === "kex" && lines.length > 0) lines.push(`${ALGORITHM_SETTING.hostKey} +ssh-rsa`);
  const advice =
    lines.length > 0
      ? `To allow what this old host offers, add to ~/.ssh/config under "Host ${hop.name}":${toCopy(...lines)}`
      : "Update the host's SSH server, or remove the restriction of algorithms for it from ~/.ssh/config.";
  const offers = offered.length > 0 ? `; the host offers ${offered.join(", ")}` : "";
  return hopError("no-common-algorithm", hop, {
    purpose: `connect to ${hopName(hop)}`,
    reason: `no matching ${mismatch}${offers}. ${advice}`,
    cause,
  });
}

/** How messages name a host that is not yet reached: `xen1 port 22`, or `the jump host bastion port 22 (for xen1)`. */
export function hopName(hop: ResolvedHop): string {
  return hop.jumpHostFor === undefined ? placeName(hop) : `the jump host ${placeName(hop)} (for ${hop.jumpHostFor})`;
}

/** `xen1 port 22`, or `xen1 (10.0.0.1 port 22)` where the program or the ssh config gives another name. */
function placeName({ name, title = name, hostName, port }: ResolvedHop): string {
  return title === hostName ? `${title} port ${port}` : `${title} (${hostName} port ${port})`;
}

/** A ConnectionError whose `host` is the one that the program declares, also when a jump host failed. */
export function hopError(
  failure: ConnectionFailure,
  hop: ResolvedHop,
  { purpose, reason, ...details }: ErrorDetails & { readonly purpose: string; readonly reason: string },
): ConnectionError {
  const host = hop.jumpHostFor ?? hop.name;
  return new ConnectionError(failure, unable({ purpose, reason: `${reason}${passedOver(hop, reason)}` }), {
    ...details,
    purpose,
    host,
  });
}

function passedOver({ notFollowed }: ResolvedHop, reason: string): string {
  if (notFollowed.length === 0) return "";
  const parts = notFollowed.join(" and ");
  // Lines that are to be copied stay alone.
  return `${reason.includes("\n") ? "\n" : " "}(~/.ssh/config has ${parts}, which counts only where OpenSSH can be asked: with ssh installed and HOME as in /etc/passwd)`;
}

/** What a user sets to change a hop. */
interface Settings {
  readonly address: string;
  readonly port: string;
  readonly user: string;
}

function settingsOf(hop: ResolvedHop): Settings {
  const jump = "`proxyJump` (or ProxyJump in ~/.ssh/config)";
  return isJump(hop)
    ? { address: jump, port: `the port in ${jump}`, user: `the user in ${jump}` }
    : { address: "`address`", port: "`port`", user: "`user`" };
}

function isJump({ jumpHostFor }: ResolvedHop): boolean {
  return jumpHostFor !== undefined;
}

function errorCode(error: object): string | undefined {
  // Node tries every address of a name and then throws a single error for all of them (Node 20, net, autoSelectFamily).
  const [first]: unknown[] = "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
  const code = typeof first === "object" && first !== null && "code" in first ? first.code : undefined;
  return typeof code === "string" ? code : undefined;
}
