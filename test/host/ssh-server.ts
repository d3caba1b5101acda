import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type AuthContext,
  type Connection,
  type ParsedKey,
  Server,
  type ServerChannel,
  type ServerConfig,
  utils,
} from "ssh2";
import type { HostLogin } from "../../provider/host/host";

/** How the host runs a command. */
export type Exec = (command: string, channel: ServerChannel, connection: Connection) => void;

export interface ServerOptions {
  /** Whether an attempt to log in succeeds; by default with any public key of `acceptedKeys`. */
  readonly authenticate?: (context: AuthContext) => boolean;
  readonly acceptedKeys?: readonly string[];
  /** Methods that a rejected login may try; by default all of them. */
  readonly methods?: AuthContext["method"][];
  readonly exec?: Exec;
  readonly hostKeys?: ServerConfig["hostKeys"];
  readonly algorithms?: ServerConfig["algorithms"];
  /** Forwards connections to other ports of this machine, as a jump host does. */
  readonly forwards?: boolean;
}

/** An SSH server on loopback in this process, and what it has seen. */
export interface TestServer {
  readonly port: number;
  readonly connections: readonly Connection[];
  /** Commands in the order in which they arrived. */
  readonly commands: readonly string[];
  /** The method of each attempt to log in, with the type of a key. */
  readonly tries: readonly string[];
  close(): Promise<void>;
}

/**
 * A new Ed25519 key pair in OpenSSH's format. One in 256 of ssh2's cannot be read: it drops the first byte of a public
 * key when that is zero (mscdex/ssh2#1390, in 1.17.0).
 */
export function makeKeyPair(options: { comment?: string; passphrase?: string } = {}): utils.KeyPairReturn {
  const { comment = "", passphrase } = options;
  const lock = passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 4 };
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", { comment, ...lock });
    if (!(utils.parseKey(pair.public) instanceof Error)) return pair;
  }
}

export const hostKey = makeKeyPair();
export const userKey = makeKeyPair({ comment: "someone@somewhere" });

export function parsed(key: string, passphrase?: string): ParsedKey {
  const result: unknown = utils.parseKey(key, passphrase);
  return (Array.isArray(result) ? result[0] : result) as ParsedKey;
}

/** Runs the command as sshd would, but with another `id`, so that a test may be root or not, whoever runs it. */
export function runLocally(user = "root", prepare = ""): Exec {
  return (command, channel, connection) => {
    const id = `id() { case $1 in -un) echo ${user};; *) echo ${user === "root" ? 0 : 1000};; esac; }; `;
    const [, shell] = /^(?:sudo -n )?(\/bin\/sh) -s/.exec(command) ?? [];
    const child = spawn("/bin/sh", ["-c", shell ? `${prepare} exec ${command}` : command], {
      env: { PATH: process.env.PATH, SSH_CONNECTION: "192.0.2.1 50000 192.0.2.7 22" },
    });
    const gone = (): void => {
      child.stdout.unpipe();
      child.stderr.unpipe();
      child.kill("SIGKILL");
    };
    // What a child still prints when the other side has gone.
    for (const stream of [channel, channel.stderr]) stream.on("error", () => undefined);
    connection.once("close", gone);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    // The script reads its own first lines, and `id` must be the one above in them.
    child.stdin.on("error", () => undefined).write(shell ? `${id}\n` : "");
    channel.pipe(child.stdin);
    child.on("close", (code, signal) => {
      connection.off("close", gone);
      if (signal) channel.exit(signal.replace(/^SIG/, ""));
      else channel.exit(code ?? 1);
      channel.end();
    });
  };
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const connections: Connection[] = [];
  const commands: string[] = [];
  const tries: string[] = [];
  const accepted = (options.acceptedKeys ?? [userKey.public]).map((key) => parsed(key).getPublicSSH());
  const byKey = (context: AuthContext): boolean =>
    context.method === "publickey" && accepted.some((key) => key.equals(context.key.data));
  const exec = options.exec ?? runLocally();

  const server = new Server({ hostKeys: options.hostKeys ?? [hostKey.private], algorithms: options.algorithms ?? {} });
  server.on("connection", (connection) => {
    connections.push(connection);
    connection.on("error", () => undefined);
    connection.on("authentication", (context) => {
      tries.push(context.method === "publickey" ? `publickey ${context.key.algo}` : context.method);
      if ((options.authenticate ?? byKey)(context)) context.accept();
      else if (context.method !== "keyboard-interactive")
        context.reject(options.methods ?? ["publickey", "password", "keyboard-interactive"]);
    });
    connection.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        exec(command, acceptExec(), connection);
      });
    });
    connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (!options.forwards) return reject();
      const socket = connect(destPort, destIP);
      socket.once("error", () => reject());
      socket.once("connect", () => {
        const channel = accept();
        socket.pipe(channel).pipe(socket);
        channel.on("close", () => socket.destroy());
        socket.on("error", () => undefined);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    commands,
    tries,
    async close() {
      for (const connection of connections) connection.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A temporary home directory for logins, with whatever a test writes there. */
export interface TestHome {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  write(file: string, text: string): string;
  remove(): void;
}

export function makeHome(): TestHome {
  const path = mkdtempSync(join(tmpdir(), "pci-home-"));
  return {
    path,
    env: { HOME: path },
    write(file, text) {
      const full = join(path, file);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text, { mode: 0o600 });
      return full;
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}

/** The known_hosts line of a server on this machine. */
export function knownHostsLine(port: number, publicKey = hostKey.public): string {
  return `[127.0.0.1]:${port} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`;
}

export function loginTo(server: { readonly port: number }, more: Partial<HostLogin> = {}): HostLogin {
  return { address: "127.0.0.1", port: server.port, user: "root", privateKey: userKey.private, ...more };
}
