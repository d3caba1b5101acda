import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { ConnectionError } from "../errors";
import { connectionFailure, forwardFailure, noAnswer } from "./connection-failure";
import type { ResolvedHop, ResolvedLogin } from "./resolved-login";
import { logIn } from "./ssh-login";

// A socket that takes longer to close is dropped: the engine kills a provider 5 s after its SIGINT.
const CLOSE_TIMEOUT_MS = 1_000;

/** An open connection to a host, through its jump hosts if any. It keeps the process alive only while it is held. */
export class SshLink {
  private constructor(
    readonly client: Client,
    private readonly socket: Socket,
    jumps: readonly Client[],
  ) {
    socket.unref();
    client.once("close", () => {
      this.ended = true;
      // The connections to the jump hosts serve this one alone.
      for (const jump of jumps) jump.end();
    });
  }

  /** Whether the connection is gone. */
  ended = false;

  /** Opens the connections, each through the previous one. On ConnectionError nothing stays open. */
  static async open(login: ResolvedLogin, timeoutMs: number): Promise<SshLink> {
    const hops = [...login.jumps, login.target];
    const sockets: Socket[] = [];
    const reached: Reached[] = [];
    try {
      for (const hop of hops) {
        const jump = reached.at(-1);
        const openStream = async (): Promise<Duplex> => {
          if (jump) return forward(jump, hop, timeoutMs);
          const socket = await openSocket(hop, timeoutMs);
          sockets.push(socket);
          return socket;
        };
        const client = await logIn(hop, openStream, timeoutMs);
        // From now on an error ends the connection, and the close that follows it tells those who wait.
        client
          .removeAllListeners("close")
          .removeAllListeners("error")
          .on("error", () => undefined);
        reached.push({ hop, client });
      }
      const [target, socket] = [reached.at(-1), sockets.at(-1)];
      if (!target || !socket) throw new Error("a login has at least one host");
      const jumps = reached.slice(0, -1).map(({ client }) => client);
      return new SshLink(target.client, socket, jumps);
    } catch (error) {
      for (const socket of sockets) socket.destroy();
      throw error;
    }
  }

  /** Keeps the process alive until `release`. */
  hold(): void {
    this.socket.ref();
  }

  /** Lets the process end although the link is open. */
  release(): void {
    this.socket.unref();
  }

  /** Drops the connection without a goodbye, for a host that no longer answers. */
  cut(): void {
    this.ended = true;
    this.socket.destroy();
  }

  /** Ends the SSH session, and waits at most one second for the socket to close. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.hold();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS);
      this.socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.client.end();
    });
  }
}

/** A host that is logged in to. */
interface Reached {
  readonly hop: ResolvedHop;
  readonly client: Client;
}

const NO_CREDENTIALS = { usable: [], unusable: [], missing: [] };

function openSocket(hop: ResolvedHop, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hop.hostName, port: hop.port });
    const fail = (error: ConnectionError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(noAnswer(hop, timeoutMs, "tcp")), timeoutMs);
    const onError = (error: Error): void =>
      fail(
        connectionFailure(error, {
          hop,
          phase: "tcp",
          credentials: NO_CREDENTIALS,
          tried: [],
          methods: undefined,
          hostAlgorithms: {},
        }),
      );
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      // Packets are small and each is waited for; keepalives stop a router from forgetting an idle connection.
      socket.setNoDelay(true).setKeepAlive(true, 30_000);
      resolve(socket);
    });
  });
}

function forward({ hop: from, client }: Reached, hop: ResolvedHop, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(hop, timeoutMs, "tcp", from)), timeoutMs);
    client.forwardOut("127.0.0.1", 0, hop.hostName, hop.port, (error, stream) => {
      clearTimeout(timer);
      if (error) reject(forwardFailure(hop, from, error));
      else resolve(stream);
    });
  });
}
