import type { Duplex } from "node:stream";
import { type AnyAuthMethod, Client } from "ssh2";
import type { ConnectionError } from "../errors";
import { type AlgorithmKind, ssh2Algorithms } from "./algorithms";
import {
  type ConnectionPhase,
  connectionFailure,
  type FailedAttempt,
  noAnswer,
  noCredentials,
} from "./connection-failure";
import { type Credentials, collectCredentials } from "./credentials";
import { HostKeyCheck } from "./host-key-check";
import type { ResolvedHop } from "./resolved-login";

/** Opens the byte stream to the SSH server of a hop; throws ConnectionError. */
export type OpenStream = () => Promise<Duplex>;

// A server that has sent its first bytes is there, if slow: sshd may wait long for DNS (UseDNS), PAM or an old CPU.
const LOGIN_TIMEOUT_MS = 60_000;

/**
 * Logs in to a host: checks its key, then tries the credentials in order. `timeoutMs` is how long the server may take
 * to send its first bytes. Throws ConnectionError.
 */
export async function logIn(hop: ResolvedHop, openStream: OpenStream, timeoutMs: number): Promise<Client> {
  const credentials = await collectCredentials(hop);
  if (credentials.missing.length > 0 || credentials.usable.length === 0) {
    const error = noCredentials(hop, credentials);
    // Where nobody gets to the host, as in CI without access, the key is often missing too: preview goes on then.
    if (error.failure === "key-unusable") (await openStream()).destroy();
    throw error;
  }
  const hostKey = new HostKeyCheck(hop);
  let wrongKey: ConnectionError | undefined;
  for (;;) {
    const outcome = await attempt(hop, credentials, hostKey, await openStream(), timeoutMs);
    switch (outcome.kind) {
      case "in":
        return outcome.client;
      case "wrong-host-key":
        if (!outcome.retry) throw outcome.error;
        wrongKey = outcome.error;
        break;
      case "failed":
        // The host has no key of another type, so the wrong key stands.
        throw outcome.error.failure === "no-common-algorithm" ? (wrongKey ?? outcome.error) : outcome.error;
    }
  }
}

type Outcome =
  | { readonly kind: "in"; readonly client: Client }
  | { readonly kind: "wrong-host-key"; readonly error: ConnectionError; readonly retry: boolean }
  | { readonly kind: "failed"; readonly error: ConnectionError };

function attempt(
  hop: ResolvedHop,
  credentials: Credentials,
  hostKey: HostKeyCheck,
  stream: Duplex,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const client = new Client();
    const methods = new LoginMethods(hop.user, credentials);
    const hostAlgorithms: Partial<Record<AlgorithmKind, readonly string[]>> = {};
    let phase: ConnectionPhase = "handshake";
    let timer = setTimeout(giveUp, timeoutMs, timeoutMs);

    function settle(outcome: Outcome): void {
      clearTimeout(timer);
      resolve(outcome);
      if (outcome.kind === "in") return;
      client.destroy();
      stream.destroy();
    }
    function giveUp(waitedMs: number): void {
      settle({ kind: "failed", error: noAnswer(hop, waitedMs, phase) });
    }
    function fail(error: Error): void {
      const { tried, offered } = methods;
      const failed: FailedAttempt = { hop, phase, credentials, tried, methods: offered, hostAlgorithms };
      settle({ kind: "failed", error: connectionFailure(error, failed) });
    }

    client
      .on("handshake", () => {
        phase = "login";
      })
      .on("ready", () => settle({ kind: "in", client }))
      .on("error", (error) => {
        if (!isTransient(error)) fail(error);
      })
      .on("close", () => fail(new Error("the host closed the connection")));
    client.connect({
      sock: stream,
      username: hop.user,
      readyTimeout: 0,
      algorithms: ssh2Algorithms({ ...hop.algorithms, hostKey: hostKey.algorithms() }),
      hostVerifier: (key: Buffer) => {
        const wrong = hostKey.judge(key);
        if (wrong) settle({ kind: "wrong-host-key", ...wrong });
        return wrong === undefined;
      },
      authHandler: (accepted, _partial, next) => next(methods.next(accepted) as AnyAuthMethod),
      debug: (line) => noteHostAlgorithms(line, hostAlgorithms),
    });
    stream.once("data", () => {
      clearTimeout(timer);
      const login = Math.max(LOGIN_TIMEOUT_MS, timeoutMs);
      timer = setTimeout(giveUp, login, login);
    });
  });
}

/** Decides which credential comes next, and remembers what was tried. */
class LoginMethods {
  readonly tried: string[] = [];
  offered: readonly string[] | undefined;
  private readonly queue;
  private listIsFresh = true;

  constructor(
    private readonly user: string,
    credentials: Credentials,
  ) {
    this.queue = [...credentials.usable];
  }

  /** `accepted` holds the methods that can continue, and is null before the host was asked; false ends the login. */
  next(accepted: readonly string[] | null): AnyAuthMethod | false {
    // As ssh does: "none" does not count as a try, and its refusal names the methods that the host accepts.
    if (accepted === null) return { type: "none", username: this.user };
    this.offered ??= accepted;
    for (let credential = this.queue.shift(); credential; credential = this.queue.shift()) {
      if (this.listIsFresh && !accepted.includes(credential.method)) continue;
      this.tried.push(credential.label);
      // ssh2 1.17.0 does not update the list after an agent's key (lib/client.js, USERAUTH_FAILURE), so the second of
      // two factors would be skipped.
      this.listIsFresh = credential.attempt.type !== "agent";
      return credential.attempt;
    }
    return false;
  }
}

/** Whether ssh2 goes on with the next credential after this error, as it does for a key that could not sign. */
function isTransient(error: Error & { level?: string }): boolean {
  if (error.level === "agent") return true;
  return error.level === "client-authentication" && !error.message.startsWith("All configured");
}

// The only place where ssh2 1.17.0 says what the host supports (lib/protocol/kex.js). Only messages depend on it.
const HOST_LIST = /^Handshake: \(remote\) (KEX method|Host key format|C->S cipher|C->S MAC): (.*)$/;
const LIST_KIND: Readonly<Record<string, AlgorithmKind>> = {
  "KEX method": "kex",
  "Host key format": "hostKey",
  "C->S cipher": "cipher",
  "C->S MAC": "mac",
};

function noteHostAlgorithms(line: string, noted: Partial<Record<AlgorithmKind, readonly string[]>>): void {
  const [, list = "", names = ""] = HOST_LIST.exec(line) ?? [];
  const kind = LIST_KIND[list];
  // ext-info and kex-strict are not algorithms but signals of RFC 8308 and of OpenSSH's strict key exchange.
  if (kind) noted[kind] = names.split(",").filter((name) => !/^(ext-info|kex-strict)-/.test(name));
}
