import { createHash, randomUUID } from "node:crypto";
import { type Connected, ConnectionPlaces } from "./connection-places";
import type { Host, HostLogin, ScriptOptions, ScriptResult } from "./host";
import { readLoginEnvironment } from "./login-environment";
import { type ResolvedLogin, resolveLogin } from "./resolved-login";
import { scriptBytes } from "./script-input";
import { runScript, START_MS } from "./script-run";
import { SshLink } from "./ssh-link";

/** How to connect, apart from the login itself. */
export interface ConnectOptions {
  /** Environment variables: `HOME`, `SSH_AUTH_SOCK`, `PCI_PASSTHROUGH_…`. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Milliseconds until the host must have sent its first bytes. Default: ConnectTimeout of the ssh config, or 5 s,
   * which suits a preview; an apply should wait longer. ConnectTimeout counts if it is longer.
   */
  readonly connectTimeoutMs?: number;
}

/** Connections to hosts, shared by everything in this process. */
export interface ConnectionPool {
  /**
   * Reaches a host and logs in. Equal logins share a connection for as long as the process lives; a lost one, and one that
   * was closed because others waited for its place (PCI_PASSTHROUGH_MAX_CONNECTIONS), is opened again at its next use.
   * Throws ConnectionError, or PassthroughError where the ssh config cannot be followed.
   */
  connect(login: HostLogin, options?: ConnectOptions): Promise<Host>;
  /**
   * As `connect`, over a connection that nothing else uses, that waits for no place, and that is closed after the first
   * script: whoever can open it can reach the host now.
   */
  connectOnce(login: HostLogin, options?: ConnectOptions): Promise<Host>;
  /** Closes every connection; running scripts fail with a ConnectionError, `cut`. */
  closeAll(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 5_000;
// sshd's MaxSessions is 10 by default; the others are left to people whose own sessions share the connection.
const CHANNELS = 4;

/** Sockets of this process, logins that a jump host bears, and lines of the firewalls between. */
const MOST_CONNECTIONS = 64;
const places = new ConnectionPlaces();

class PooledHost implements Host, Connected {
  readonly name: string;
  private link: Promise<SshLink> | undefined;
  private timeoutMs = DEFAULT_TIMEOUT_MS;
  private running = 0;
  private most = MOST_CONNECTIONS;
  isIdle = false;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly login: ResolvedLogin) {
    this.name = login.target.name;
  }

  /** `most`: how many connections may be open with this one. */
  async open({ connectTimeoutMs }: ConnectOptions, most: number): Promise<void> {
    this.most = most;
    const configured = this.login.target.connectTimeoutMs;
    this.timeoutMs =
      connectTimeoutMs === undefined ? (configured ?? DEFAULT_TIMEOUT_MS) : Math.max(connectTimeoutMs, configured ?? 0);
    await this.openLink();
  }

  async run(text: string, options: ScriptOptions = {}): Promise<ScriptResult> {
    const { target, sudo } = this.login;
    const script = { host: this.name, user: target.user, sudo, text: scriptBytes(text) };
    await this.takeTurn();
    try {
      for (let fresh = this.link === undefined; ; fresh = true) {
        const opening = this.openLink();
        const link = await opening;
        link.hold();
        const startMs = Math.max(START_MS, this.timeoutMs);
        const outcome = await runScript(link, script, { startMs, ...options });
        if (outcome.kind === "ended") return outcome.result;
        // An idle connection dies unnoticed (a reboot, a router). Nothing was sent yet, so a single retry is safe.
        if (fresh || !link.ended) throw outcome.error;
        this.forget(opening);
      }
    } finally {
      await this.endTurn();
    }
  }

  async close(): Promise<void> {
    const link = await this.link?.catch(() => undefined);
    await link?.close();
  }

  giveUp(): void {
    this.isIdle = false;
    void this.close();
    // Not only when it has closed: who comes meanwhile opens another.
    this.link = undefined;
  }

  private openLink(): Promise<SshLink> {
    if (this.link) return this.link;
    this.isIdle = false;
    const opening = this.openInPlace();
    const forget = (): void => this.forget(opening);
    opening.then((link) => link.client.once("close", forget), forget);
    this.link = opening;
    return opening;
  }

  private async openInPlace(): Promise<SshLink> {
    const leave = await places.take(this, this.most);
    try {
      const link = await SshLink.open(this.login, this.timeoutMs);
      link.client.once("close", leave);
      return link;
    } catch (error) {
      leave();
      throw error;
    }
  }

  private forget(link: Promise<SshLink>): void {
    if (this.link === link) this.link = undefined;
  }

  private async takeTurn(): Promise<void> {
    this.isIdle = false;
    if (this.running < CHANNELS) this.running += 1;
    else await new Promise<void>((turn) => this.waiting.push(turn));
  }

  private async endTurn(): Promise<void> {
    const next = this.waiting.shift();
    if (next) return next();
    this.running -= 1;
    if (this.running > 0) return;
    (await this.link?.catch(() => undefined))?.release();
    this.isIdle = this.running === 0 && this.link !== undefined;
    if (this.isIdle) places.makeRoom(this);
  }
}

/** What the environment allows; the default for anything but a number above 0. */
function mostConnections(env: Readonly<Record<string, string | undefined>>): number {
  const most = Number(env.PCI_PASSTHROUGH_MAX_CONNECTIONS);
  return most >= 1 ? most : MOST_CONNECTIONS;
}

const hosts = new Map<string, PooledHost>();

/**
 * The connections of this process. The engine runs all resources of a stack in a single process, so each host has one
 * connection.
 */
export const connectionPool: ConnectionPool = {
  async connect(login, options = {}) {
    const resolved = await resolveLogin(login, readLoginEnvironment(options.env ?? process.env));
    // Hashed, so that no table of secrets stays in memory.
    const key = createHash("sha256").update(JSON.stringify(resolved)).digest("hex");
    const host = hosts.get(key) ?? new PooledHost(resolved);
    hosts.set(key, host);
    closeOnSignals();
    await host.open(options, mostConnections(options.env ?? process.env));
    return host;
  },

  async connectOnce(login, options = {}) {
    const host = new PooledHost(await resolveLogin(login, readLoginEnvironment(options.env ?? process.env)));
    const key = randomUUID();
    const close = (): Promise<void> => {
      hosts.delete(key);
      return host.close();
    };
    hosts.set(key, host);
    closeOnSignals();
    try {
      await host.open(options, Infinity);
    } catch (error) {
      await close();
      throw error;
    }
    return { name: host.name, run: (script, runOptions) => host.run(script, runOptions).finally(close) };
  },

  async closeAll() {
    const open = [...hosts.values()];
    hosts.clear();
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await Promise.all(open.map((host) => host.close()));
  },
};

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

function closeOnSignals(): void {
  for (const signal of SIGNALS) if (!process.listeners(signal).includes(onSignal)) process.once(signal, onSignal);
}

/**
 * The engine ends a provider with SIGINT. Unless others listen too, the signal is raised again for its default effect.
 */
async function onSignal(signal: NodeJS.Signals): Promise<void> {
  await connectionPool.closeAll();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
