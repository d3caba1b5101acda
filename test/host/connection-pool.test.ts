import { ConnectionError } from "../../provider/errors";
import { connectionPool } from "../../provider/host/connection-pool";
import {
  knownHostsLine,
  loginTo,
  makeHome,
  runLocally,
  type ServerOptions,
  startServer,
  type TestHome,
} from "./ssh-server";

const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  await connectionPool.closeAll();
  for (const close of closing.splice(0)) await close();
});

async function serverAndHome(options: ServerOptions = {}) {
  const server = await startServer(options);
  const home: TestHome = makeHome();
  home.write(".ssh/known_hosts", knownHostsLine(server.port));
  closing.push(
    () => server.close(),
    () => home.remove(),
  );
  return { server, home, env: home.env };
}

test("a script runs as root and gets the addresses of its SSH session", async () => {
  const { server, env } = await serverAndHome();
  const host = await connectionPool.connect(loginTo(server), { env });
  const result = await host.run('echo "came from $1"; echo trouble >&2; exit 3');
  expect(result).toEqual({ stdout: "came from 192.0.2.1 50000 192.0.2.7 22\n", stderr: "trouble\n", exitCode: 3 });
  expect(server.commands).toEqual(['/bin/sh -s -- "$SSH_CONNECTION"']);
});
