import { ConnectionError } from "../../provider/errors";
import { connectionPool } from "../../provider/host/connection-pool";
import {
  knownHostsLine,
  makeHome,
  type ServerOptions,
  startServer,
  type TestHome,
  type TestServer,
} from "./ssh-server";

const closing: (() => void | Promise<void>)[] = [];

/** After each test of this file, closes what it opened. */
export function closeAfterEach(): void {
  afterEach(async () => {
    await connectionPool.closeAll();
    for (const close of closing.splice(0).reverse()) await close();
  });
}

/** Adds something to close after the test. */
export function alsoClose(close: () => void | Promise<void>): void {
  closing.push(close);
}

/** Starts an SSH server that is closed after the test. */
export async function server(options: ServerOptions = {}): Promise<TestServer> {
  const started = await startServer(options);
  closing.push(() => started.close());
  return started;
}

/** A home directory whose known_hosts lists these servers. */
export function homeKnowing(...servers: readonly TestServer[]): TestHome {
  const home = makeHome();
  closing.push(() => home.remove());
  home.write(".ssh/known_hosts", servers.map(({ port }) => knownHostsLine(port)).join(""));
  return home;
}

/** The ConnectionError that a promise ends with; any other end fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<ConnectionError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectionError) return error;
  throw error ?? new Error("no failure");
}
