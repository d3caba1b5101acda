import { createHash, timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type AuthContext, type Connection, type ParsedKey, Server, type ServerChannel, utils } from "ssh2";
import { endsItself } from "./shell-conversation";

/** What a login on the SSH server is let in with. */
interface ServerLogin {
  readonly user: string;
  readonly publicKey: string;
  readonly password: string | undefined;
}

/** One `ssh host command`, text as Latin-1 characters. */
export interface Exec {
  readonly command: string;
  readonly stdin: string;
  /** What comes on standard input after that, once it has ended; undefined when it has. */
  readonly restOfInput: Promise<string> | undefined;
  /** Client address and port as the server saw them. */
  readonly clientPort: number;
  /** Sends standard output; the connection ends after it. */
  readonly printLast: (stdout: string) => void;
  readonly print: (stdout: string) => void;
  readonly cut: () => void;
}

/** What is left to send when a command has ended. */
export interface ExecEnd {
  readonly stderr: string;
  readonly exitCode: number;
}

/** An SSH server: who may log in, the private host key (PEM), how long each answer waits, and what runs commands. */
export interface ServerOptions {
  readonly login: ServerLogin;
  readonly hostKey: string;
  readonly latencyMs: number;
  run(exec: Exec): Promise<ExecEnd>;
}

/** An SSH server on the loopback interface that runs commands on one simulated host. */
export class SshServer {
  private server: Server | undefined;
  private readonly connections = new Set<Connection>();
  private bound = 0;
  readonly stats = { connections: 0, commands: 0 };

  constructor(private readonly options: ServerOptions) {}

  get port(): number {
    return this.bound;
  }

  /** Listens; on the same port as before when it has listened already. */
  async start(): Promise<void> {
    const server = new Server({ hostKeys: [this.options.hostKey] }, (connection, info) =>
      this.serve(connection, info.port),
    );
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.bound, "127.0.0.1", resolve);
    });
    this.bound = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Ends every connection and listens no more, as a host that goes down. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of this.connections) drop(connection);
    await closed;
  }

  private serve(connection: Connection, clientPort: number): void {
    this.stats.connections++;
    this.connections.add(connection);
    connection.on("error", () => {});
    connection.on("close", () => this.connections.delete(connection));
    connection.on("authentication", (attempt) => {
      if (this.admits(attempt)) attempt.accept();
      else attempt.reject(this.options.login.password === undefined ? ["publickey"] : ["publickey", "password"]);
    });
    connection.on("session", (accept) => {
      const session = accept();
      session.on("env", (acceptEnv) => acceptEnv?.());
      session.on("pty", (acceptPty) => acceptPty?.());
      session.on("exec", (acceptExec, _reject, { command }) => {
        this.stats.commands++;
        void this.exec(connection, acceptExec(), command, clientPort);
      });
    });
  }

  private admits(attempt: AuthContext): boolean {
    const { login } = this.options;
    if (attempt.username !== login.user) return false;
    if (attempt.method === "password")
      return login.password !== undefined && sameText(attempt.password, login.password);
    if (attempt.method !== "publickey") return false;
    const allowed = utils.parseKey(login.publicKey) as ParsedKey;
    if (attempt.key.algo !== allowed.type || !attempt.key.data.equals(allowed.getPublicSSH())) return false;
    return (
      !attempt.signature || !attempt.blob || allowed.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true
    );
  }

  private async exec(
    connection: Connection,
    channel: ServerChannel,
    command: string,
    clientPort: number,
  ): Promise<void> {
    channel.on("error", () => {});
    const input = readsScript(command) ? await readScript(channel) : { stdin: await readInput(channel, 100) };
    const cut = () => drop(connection);
    let isCut = false;
    const print = (stdout: string, sent?: () => void) => {
      if (channel.writable) channel.write(Buffer.from(stdout, "latin1"), sent);
    };
    const { stderr, exitCode } = await this.options.run({
      command: Buffer.from(command, "utf8").toString("latin1"),
      restOfInput: undefined,
      ...input,
      clientPort,
      print,
      printLast: (stdout) => {
        isCut = true;
        print(stdout, cut);
      },
      cut,
    });
    if (this.options.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs));
    if (isCut || !channel.writable) return;
    if (stderr !== "") channel.stderr.write(Buffer.from(stderr, "latin1"));
    channel.exit(exitCode);
    channel.end();
  }
}

/** `SHA256:…` of an OpenSSH private host key, as `ssh-keygen -l` prints it. */
export function hostKeyFingerprint(privateKey: string): string {
  const key = utils.parseKey(privateKey) as ParsedKey;
  return `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "")}`;
}

/** Whether the command is a shell that reads its script from standard input, and so waits for the end of it. */
function readsScript(command: string): boolean {
  return /(^|\s)(\/bin\/)?(ba|da)?sh\s+-s(\s|$)/.test(command);
}

/** What came on standard input until it was silent so many milliseconds: `ssh host xl list` on a terminal sends no end. */
function readInput(channel: ServerChannel, patience: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const done = () => resolve(text);
    let timer = setTimeout(done, patience);
    channel.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(done, patience);
    });
    for (const end of ["end", "close"])
      channel.once(end, () => {
        clearTimeout(timer);
        done();
      });
  });
}

/** A script, and once standard input has ended what came after it. It ends when the client goes, too. */
function readScript(channel: ServerChannel): Promise<Pick<Exec, "stdin" | "restOfInput">> {
  return new Promise((resolve) => {
    let text = "";
    let script: string | undefined;
    const ended = new Promise<void>((end) => {
      channel.once("end", end);
      channel.once("close", end);
    });
    const restOfInput = ended.then(() => text.slice(script?.length));
    channel.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      if (script !== undefined || !endsItself(text)) return;
      script = text;
      resolve({ stdin: script, restOfInput });
    });
    void ended.then(() => resolve({ stdin: text, restOfInput: undefined }));
  });
}

/** Without a word of goodbye, as a pulled cable. */
function drop(connection: Connection): void {
  (connection as unknown as { _sock?: { destroy(): void } })._sock?.destroy();
  connection.end();
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
