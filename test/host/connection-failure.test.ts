import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { utils } from "ssh2";
import { connectionFailure, type FailedAttempt } from "../../provider/host/connection-failure";
import { connectionPool } from "../../provider/host/connection-pool";
import { readLoginEnvironment } from "../../provider/host/login-environment";
import { resolveLogin } from "../../provider/host/resolved-login";
import { alsoClose, closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { knownHostsLine, loginTo } from "./ssh-server";

closeAfterEach();

/** Something other than an SSH server, listening on a port. */
async function listener(greet: (socket: Socket) => void): Promise<{ readonly port: number }> {
  const sockets: Socket[] = [];
  const listening = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    greet(socket);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  alsoClose(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return { port: (listening.address() as AddressInfo).port };
}

test("a port where nothing listens", async () => {
  const gone = await server();
  await gone.close();
  const error = await failureOf(connectionPool.connect(loginTo(gone), homeKnowing()));
  expect(error).toMatchObject({ failure: "refused", unreached: true });
  expect(error.message).toMatch(
    /^Unable to reach 127.0.0.1 port \d+: nothing listens there \(ECONNREFUSED\)\. Check `port`/,
  );
});

test("a name that does not exist", async () => {
  const login = loginTo({ port: 22 }, { address: "xen1.invalid" });
  const error = await failureOf(connectionPool.connect(login, homeKnowing()));
  expect(error).toMatchObject({ failure: "name-not-found", unreached: true });
  expect(error.message).toContain("Unable to reach xen1.invalid port 22: the name");
});

test("a host that the program calls otherwise is named so, with its address", async () => {
  const login = loginTo({ port: 22 }, { address: "xen1.invalid", name: "xen1" });
  const error = await failureOf(connectionPool.connect(login, homeKnowing()));
  expect(error.message).toContain("Unable to reach xen1 (xen1.invalid port 22): the name");
});

test("what our reader passed over in the ssh config is named", async () => {
  const home = homeKnowing();
  home.write(".ssh/config", 'Match exec "at-home"\n HostName 10.0.0.1\n');
  const error = await failureOf(connectionPool.connect(loginTo({ port: 22 }, { address: "xen1.invalid" }), home));
  expect(error.message).toContain("(~/.ssh/config has Match exec, which counts only where OpenSSH can be asked:");
});

test.each([
  { code: "ENOTFOUND", failure: "name-not-found" },
  { code: "EAI_AGAIN", failure: "name-not-found" },
  { code: "ECONNREFUSED", failure: "refused" },
  { code: "EHOSTUNREACH", failure: "no-answer" },
  { code: "ENETUNREACH", failure: "no-answer" },
  { code: "ETIMEDOUT", failure: "no-answer" },
])("$code is $failure, also when every address of the name fails with it", async ({ code, failure }) => {
  const hop = (await resolveLogin({ address: "xen1" }, readLoginEnvironment({ HOME: "/nonexistent" }))).target;
  const attempt: FailedAttempt = {
    hop,
    phase: "tcp",
    credentials: { usable: [], unusable: [], missing: [] },
    tried: [],
    methods: undefined,
    hostAlgorithms: {},
  };
  const error = Object.assign(new Error(code), { code });
  expect(connectionFailure(error, attempt)).toMatchObject({ failure, unreached: true });
  expect(connectionFailure(new AggregateError([error, error]), attempt)).toMatchObject({ failure, unreached: true });
});

test("a host that accepts the connection and sends nothing", async () => {
  const silent = await listener(() => undefined);
  const error = await failureOf(connectionPool.connect(loginTo(silent), { ...homeKnowing(), connectTimeoutMs: 100 }));
  expect(error).toMatchObject({ failure: "no-answer", unreached: true });
  expect(error.message).toMatch(/in 0.1 s\. .* for a slow host set ConnectTimeout in ~\/.ssh\/config/);
});

test("something other than SSH", async () => {
  const web = await listener((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const error = await failureOf(connectionPool.connect(loginTo(web), homeKnowing()));
  expect(error.message).toContain("Check that an SSH server answers there");
});

test("an old host is reached with the lines that the message names", async () => {
  const rsa = utils.generateKeyPairSync("rsa", { bits: 2048 });
  const old = await server({
    hostKeys: [rsa.private],
    algorithms: { kex: ["diffie-hellman-group14-sha1"], serverHostKey: ["ssh-rsa"], cipher: ["aes128-cbc"] },
  });
  const home = homeKnowing();
  home.write(".ssh/known_hosts", knownHostsLine(old.port, rsa.public));
  const config: string[] = [];
  // At most one round for each list: what a message names is added until the host is reached.
  for (let round = 0; round < 4; round += 1) {
    home.write(".ssh/config", config.join("\n"));
    const reached = await connectionPool.connect(loginTo(old), home).catch((error: Error) => error.message);
    if (typeof reached !== "string") break;
    const [, lines = ""] = /under "Host 127\.0\.0\.1":\n([\s\S]*)$/.exec(reached) ?? [];
    config.push(...lines.split("\n").map((line) => line.trim()));
  }
  expect(config).toEqual([
    "KexAlgorithms +diffie-hellman-group14-sha1",
    "HostKeyAlgorithms +ssh-rsa",
    "Ciphers +aes128-cbc",
  ]);
  expect(old.tries).not.toEqual([]);
});
