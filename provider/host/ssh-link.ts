import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { ConnectionError } from "../errors";
import { connectionFailure, noAnswer, place } from "./connection-failure";
import type { ResolvedHop, ResolvedLogin } from "./resolved-login";
import { logIn } from "./ssh-login";

/** How long closing may take before the socket is just dropped: the engine kills a provider 5 s after its SIGINT. */
const CLOSING_PATIENCE_MS = 1_000;

/** One open way to a host, through its jump hosts. It does not keep the process alive unless it is held. */
export class SshLink {
  private constructor(
    readonly client: Client,
    private readonly socket: Socket,
    jumps: readonly Client[],
  ) {
    socket.unref();
    client.once("close", () => {
      this.ended = true;
      // The jump hosts' connections have no other use.
      for (const jump of jumps) jump.end();
    });
  }

  /** Whether the connection is no more. */
  ended = false;

  /** Opens the connections one through the other. Throws ConnectionError; then nothing stays open. */
  static async open(login: ResolvedLogin, patienceMs: number): Promise<SshLink> {
    const hops = [...login.jumps, login.target];
    const sockets: Socket[] = [];
    const clients: Client[] = [];
    try {
      for (const hop of hops) {
        const through = clients.at(-1);
        const openStream = async (): Promise<Duplex> => {
          if (through) return forward(through, hop, patienceMs);
          const socket = await openSocket(hop, patienceMs);
          sockets.push(socket);
          return socket;
        };
        const client = await logIn(hop, openStream, patienceMs);
        // From now on an error is a cut, and the close that follows it tells whoever waits.
        client
          .removeAllListeners("close")
          .removeAllListeners("error")
          .on("error", () => undefined);
        clients.push(client);
      }
      const [client, socket] = [clients.at(-1), sockets.at(-1)];
      if (!client || !socket) throw new Error("a login has at least one host");
      return new SshLink(client, socket, clients.slice(0, -1));
    } catch (error) {
      for (const socket of sockets) socket.destroy();
      throw error;
    }
  }

  /** Keeps the process alive while something waits for this link. */
  hold(): void {
    this.socket.ref();
  }

  release(): void {
    this.socket.unref();
  }

  /** Drops the connection at once: nothing was heard for too long, or it takes nothing any more. */
  cut(): void {
    this.ended = true;
    this.socket.destroy();
  }

  /** Says good-bye and waits, for a second at most, until the socket is closed. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.hold();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.socket.destroy(), CLOSING_PATIENCE_MS);
      this.socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.client.end();
    });
  }
}

function openSocket(hop: ResolvedHop, patienceMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hop.hostName, port: hop.port });
    const fail = (error: ConnectionError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(noAnswer(hop, patienceMs, "tcp")), patienceMs);
    const onError = (error: Error): void =>
      fail(
        connectionFailure(error, {
          hop,
          phase: "tcp",
          credentials: NONE,
          tried: [],
          methods: undefined,
          hostAlgorithms: {},
        }),
      );
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      // Small packets, each waited for; and a router between must not forget an idle connection.
      socket.setNoDelay(true).setKeepAlive(true, 30_000);
      resolve(socket);
    });
  });
}

const NONE = { usable: [], unusable: [], missing: [] };

function forward(through: Client, hop: ResolvedHop, patienceMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(hop, patienceMs, "tcp")), patienceMs);
    through.forwardOut("127.0.0.1", 0, hop.hostName, hop.port, (error, stream) => {
      clearTimeout(timer);
      if (error) reject(forwardFailure(hop, error));
      else resolve(stream);
    });
  });
}

// The jump host's own words: OpenSSH gives strerror(3) or gai_strerror(3) of the failed connection.
function forwardFailure(hop: ResolvedHop, error: Error): ConnectionError {
  const said = error.message.replace(/^\(SSH\) Channel open failure: /, "");
  const because = `Unable to reach ${place(hop)} from its jump host, which said: ${said}.`;
  if (/not known|resolve|name service/i.test(said)) {
    return new ConnectionError("name-not-found", `${because} The jump host looks the name up; check \`address\`.`, {
      cause: error,
    });
  }
  if (/refused|prohibited/i.test(said)) {
    return new ConnectionError(
      "refused",
      `${because} Check \`port\`, and AllowTcpForwarding of the jump host's sshd.`,
      {
        cause: error,
      },
    );
  }
  return new ConnectionError("no-answer", `${because} Check that the host is on and the jump host can reach it.`, {
    cause: error,
  });
}
