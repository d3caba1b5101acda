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

// After the server's first words it is there, and only slow: sshd may wait long for DNS (UseDNS), PAM or an old CPU.
const LOGIN_PATIENCE_MS = 60_000;

/**
 * Logs in to one host: checks its key, then tries the credentials in their order. `patienceMs` is how long the server may take
 * for its first words. Throws ConnectionError.
 */
export async function logIn(hop: ResolvedHop, openStream: OpenStream, patienceMs: number): Promise<Client> {
  const credentials = await collectCredentials(hop);
  if (credentials.missing.length > 0 || credentials.usable.length === 0) throw noCredentials(hop, credentials);
  const hostKey = new HostKeyCheck(hop);
  let wrongKey: ConnectionError | undefined;
  for (;;) {
    const outcome = await attempt(hop, credentials, hostKey, await openStream(), patienceMs);
    switch (outcome.kind) {
      case "in":
        return outcome.client;
      case "wrong-host-key":
        if (!outcome.another) throw outcome.error;
        wrongKey = outcome.error;
        break;
      case "failed":
        // A host that has no key of another type to show was the wrong one already.
        throw outcome.error.failure === "no-common-algorithm" ? (wrongKey ?? outcome.error) : outcome.error;
    }
  }
}

type Outcome =
  | { readonly kind: "in"; readonly client: Client }
  | { readonly kind: "wrong-host-key"; readonly error: ConnectionError; readonly another: boolean }
  | { readonly kind: "failed"; readonly error: ConnectionError };

function attempt(
  hop: ResolvedHop,
  credentials: Credentials,
  hostKey: HostKeyCheck,
  stream: Duplex,
  patienceMs: number,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const client = new Client();
    const methods = new LoginMethods(hop.user, credentials);
    const hostAlgorithms: Partial<Record<AlgorithmKind, readonly string[]>> = {};
    let phase: ConnectionPhase = "handshake";
    let timer = setTimeout(giveUp, patienceMs, patienceMs);

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
        if (!isPassing(error)) fail(error);
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
      authHandler: (left, _partial, next) => next(methods.next(left) as AnyAuthMethod),
      debug: (line) => noteHostAlgorithms(line, hostAlgorithms),
    });
    stream.once("data", () => {
      clearTimeout(timer);
      const login = Math.max(LOGIN_PATIENCE_MS, patienceMs);
      timer = setTimeout(giveUp, login, login);
    });
  });
}

/** Which credential comes next, and what was tried. */
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

  /** `left` is null before the host was asked; false ends the login. */
  next(left: readonly string[] | null): AnyAuthMethod | false {
    // As ssh does: "none" costs no try, and its refusal names the methods that the host takes.
    if (left === null) return { type: "none", username: this.user };
    this.offered ??= left;
    for (let credential = this.queue.shift(); credential; credential = this.queue.shift()) {
      if (this.listIsFresh && !left.includes(credential.method)) continue;
      this.tried.push(credential.label);
      // ssh2 1.17.0 does not renew the list after an agent's key (lib/client.js, USERAUTH_FAILURE), so that the second of two
      // factors would be left out.
      this.listIsFresh = credential.attempt.type !== "agent";
      return credential.attempt;
    }
    return false;
  }
}

/** ssh2 reports a key that could not sign as an error and goes on with the next one. */
function isPassing(error: Error & { level?: string }): boolean {
  if (error.level === "agent") return true;
  return error.level === "client-authentication" && !error.message.startsWith("All configured");
}

// The one place where ssh2 1.17.0 tells what the host can do (lib/protocol/kex.js). Without it messages name less, nothing more.
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
  // Not algorithms but signals of RFC 8308 and of OpenSSH's strict key exchange.
  if (kind) noted[kind] = names.split(",").filter((name) => !/^(ext-info|kex-strict)-/.test(name));
}
