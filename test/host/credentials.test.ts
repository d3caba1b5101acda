import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { type AuthContext, utils } from "ssh2";
import { connectionPool } from "../../provider/host/connection-pool";
import { alsoClose, closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { loginTo, makeKeyPair, userKey } from "./ssh-server";

closeAfterEach();

const PASSPHRASE = "correct horse";
const PASSWORD = "hunter2 $(reboot)";
const lockedKey = makeKeyPair({ passphrase: PASSPHRASE });
const rsaKey = utils.generateKeyPairSync("rsa", { bits: 2048 });
const anyone = { privateKey: undefined };

describe("a key", () => {
  test.each([
    { where: "in the program", file: undefined, login: { privateKey: userKey.private } },
    { where: "in a file that the program names", file: "keys/id", login: { ...anyone, identityFile: "~/keys/id" } },
    { where: "in ssh's usual place", file: ".ssh/id_ed25519", login: anyone },
  ])("$where lets the user in", async ({ file, login }) => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    if (file) home.write(file, userKey.private);
    await connectionPool.connect(loginTo(xen1, login), home);
    expect(xen1.tries).toEqual(["none", "publickey ssh-ed25519", "publickey ssh-ed25519"]);
  });

  test("of the environment goes before the program's", async () => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    const PCI_PASSTHROUGH_IDENTITY_FILE = home.write("ci", userKey.private);
    const login = loginTo(xen1, { privateKey: rsaKey.private });
    await connectionPool.connect(login, { env: { ...home.env, PCI_PASSTHROUGH_IDENTITY_FILE } });
    expect(xen1.tries.join()).not.toContain("rsa");
  });

  test("of RSA signs with SHA-2", async () => {
    const xen1 = await server({ acceptedKeys: [rsaKey.public] });
    await connectionPool.connect(loginTo(xen1, { privateKey: rsaKey.private }), homeKnowing(xen1));
    expect(xen1.tries.at(-1)).toMatch(/^publickey (rsa-sha2-|ssh-rsa)/);
  });

  test("with a passphrase is opened by it", async () => {
    const xen1 = await server({ acceptedKeys: [lockedKey.public] });
    const login = loginTo(xen1, { privateKey: lockedKey.private, passphrase: PASSPHRASE });
    await connectionPool.connect(login, homeKnowing(xen1));
    expect(xen1.connections).toHaveLength(1);
  });

  test.each([
    { passphrase: undefined, why: "it needs a passphrase" },
    { passphrase: "wrong horse", why: "`passphrase` does not decrypt it" },
  ])("with the passphrase $passphrase is named as the reason", async ({ passphrase, why }) => {
    const xen1 = await server();
    const error = await failureOf(
      connectionPool.connect(loginTo(xen1, { privateKey: lockedKey.private, passphrase }), homeKnowing(xen1)),
    );
    expect(error).toMatchObject({ failure: "key-unusable", unreached: false });
    expect(error.message).toContain(`the property privateKey (${why}`);
    expect(error.message).not.toContain("wrong horse");
    expect(xen1.tries).toEqual([]);
  });

  test("that is not there is an error when the program names it", async () => {
    const xen1 = await server();
    const login = loginTo(xen1, { ...anyone, identityFile: "~/nowhere", password: PASSWORD });
    const error = await failureOf(connectionPool.connect(login, homeKnowing(xen1)));
    expect(error).toMatchObject({ failure: "key-unusable", unreached: false });
    expect(error.message).toMatch(/the identity file .*\/nowhere does not exist\. Correct `identityFile`/);
  });

  test("that is not there is no error of its own where the host is not reached either", async () => {
    const gone = await server();
    await gone.close();
    const login = loginTo(gone, { ...anyone, identityFile: "~/nowhere" });
    expect(await failureOf(connectionPool.connect(login, homeKnowing()))).toMatchObject({ failure: "refused" });
  });

  test("of a type that the ssh config excludes is not offered", async () => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    home.write(".ssh/config", "PubkeyAcceptedAlgorithms rsa-sha2-512");
    const error = await failureOf(connectionPool.connect(loginTo(xen1), home));
    expect(error).toMatchObject({ failure: "key-unusable", message: expect.stringContaining("excludes its type") });
  });
});

const byPassword = (context: AuthContext): boolean => context.method === "password" && context.password === PASSWORD;

/** As sshd with KbdInteractiveAuthentication and without PasswordAuthentication. */
function byQuestion(context: AuthContext, echo = false): boolean {
  if (context.method !== "keyboard-interactive") return false;
  context.prompt([{ prompt: "Password: ", echo }], (answers) => {
    if (answers[0] === PASSWORD) context.accept();
    else context.reject();
  });
  return false;
}

describe("a password", () => {
  test("lets the user in", async () => {
    const xen1 = await server({ authenticate: byPassword });
    await connectionPool.connect(loginTo(xen1, { ...anyone, password: PASSWORD }), homeKnowing(xen1));
    expect(xen1.tries).toEqual(["none", "password"]);
  });

  test("is tried after the keys", async () => {
    const xen1 = await server({ authenticate: byPassword });
    await connectionPool.connect(loginTo(xen1, { password: PASSWORD }), homeKnowing(xen1));
    expect(xen1.tries).toEqual(["none", "publickey ssh-ed25519", "password"]);
  });

  test("answers a hidden question", async () => {
    const xen1 = await server({ authenticate: byQuestion });
    await connectionPool.connect(loginTo(xen1, { ...anyone, password: PASSWORD }), homeKnowing(xen1));
    expect(xen1.tries).toEqual(["none", "password", "keyboard-interactive"]);
  });

  test("is no answer to a question whose answer is shown", async () => {
    const xen1 = await server({ authenticate: (context) => byQuestion(context, true) });
    const login = loginTo(xen1, { ...anyone, password: PASSWORD });
    expect((await failureOf(connectionPool.connect(login, homeKnowing(xen1)))).failure).toBe("credentials-rejected");
  });
});

test("when everything is rejected the message says what was offered, and holds no secret", async () => {
  const xen1 = await server({
    authenticate: (context) => (context.method === "keyboard-interactive" ? byQuestion(context, true) : false),
  });
  const login = loginTo(xen1, { user: "admin", password: PASSWORD, passphrase: PASSPHRASE });
  const error = await failureOf(connectionPool.connect(login, homeKnowing(xen1)));
  expect(error).toMatchObject({ failure: "credentials-rejected", unreached: false });
  expect(error.message).toMatch(
    /^Unable to log in to 127.0.0.1 port \d+ as admin: the host accepts publickey, password, keyboard-interactive;/,
  );
  expect(error.message).toMatch(
    /was offered the property privateKey \(ssh-ed25519 SHA256:\S+\), password, password \(keyboard/,
  );
  const everything = JSON.stringify([error.message, error.stack, String(error.cause), Object.entries(error)]);
  for (const secret of [PASSWORD, PASSPHRASE, userKey.private.split("\n")[2] ?? "BEGIN"]) {
    expect(everything).not.toContain(secret);
  }
});

test("a password is not offered to a host that accepts only keys, and the message says so", async () => {
  const xen1 = await server({ methods: ["publickey"] });
  const error = await failureOf(
    connectionPool.connect(loginTo(xen1, { ...anyone, password: PASSWORD }), homeKnowing(xen1)),
  );
  expect(error.failure).toBe("credentials-rejected");
  expect(error.message).toContain(
    "the host accepts only publickey, but the credentials given are: password, password (",
  );
  expect(xen1.tries).toEqual(["none"]);
});

test("without any key, agent or password nothing is connected to", async () => {
  const xen1 = await server();
  const error = await failureOf(connectionPool.connect(loginTo(xen1, anyone), homeKnowing(xen1)));
  expect(error).toMatchObject({ failure: "no-credentials", unreached: true });
  expect(error.message).toMatch(/as root: there is no usable key, agent or password\. .*set `identityFile`/);
  expect(xen1.connections).toHaveLength(0);
});

const hasAgent = ["ssh-agent", "ssh-add"].every((command) => spawnSync(command, ["-?"]).error === undefined);

(hasAgent ? describe : describe.skip)("an ssh agent", () => {
  let agent: ChildProcess;

  async function homeWithAgent(
    xen1: { port: number } & Awaited<ReturnType<typeof server>>,
    ...keys: readonly string[]
  ) {
    const home = homeKnowing(xen1);
    const SSH_AUTH_SOCK = join(home.path, "agent");
    agent = spawn("ssh-agent", ["-D", "-a", SSH_AUTH_SOCK], { stdio: "ignore" });
    alsoClose(() => void agent.kill());
    const env = { ...home.env, SSH_AUTH_SOCK };
    const sshAdd = (argument: string) => spawnSync("ssh-add", [argument], { env: { ...process.env, ...env } });
    // 2: it cannot reach the agent, whose socket is there before it listens.
    while (sshAdd("-l").status === 2) await new Promise((resolve) => setImmediate(resolve));
    for (const [index, key] of keys.entries()) {
      expect(sshAdd(home.write(`added-${index}`, key)).status).toBe(0);
    }
    return { home, env };
  }

  test("lets the user in with any of its keys", async () => {
    const xen1 = await server();
    const { env } = await homeWithAgent(xen1, rsaKey.private, userKey.private);
    const host = await connectionPool.connect(loginTo(xen1, anyone), { env });
    expect(await host.run("echo in")).toMatchObject({ stdout: "in\n" });
  });

  test("with IdentitiesOnly uses only the keys of the identity files, of which the public half is enough", async () => {
    const xen1 = await server();
    const { env, home } = await homeWithAgent(xen1, rsaKey.private, userKey.private);
    home.write(".ssh/config", "IdentitiesOnly yes\nIdentityFile ~/.ssh/id.pub");
    home.write(".ssh/id.pub", userKey.public);
    await connectionPool.connect(loginTo(xen1, anyone), { env });
    expect(xen1.tries).toEqual(["none", "publickey ssh-ed25519", "publickey ssh-ed25519"]);
  });

  test("whose keys are rejected is named with them", async () => {
    const xen1 = await server({ acceptedKeys: [] });
    const { env } = await homeWithAgent(xen1, userKey.private);
    const error = await failureOf(connectionPool.connect(loginTo(xen1, anyone), { env }));
    expect(error.failure).toBe("credentials-rejected");
    expect(error.message).toMatch(/was offered agent key someone@somewhere \(ssh-ed25519 SHA256:/);
  });
});

test("an agent that does not answer is named, and the other ways are tried", async () => {
  const xen1 = await server();
  const home = homeKnowing(xen1);
  const env = { ...home.env, SSH_AUTH_SOCK: join(home.path, "gone") };
  const error = await failureOf(connectionPool.connect(loginTo(xen1, anyone), { env }));
  expect(error.message).toMatch(/not usable: the ssh agent at .*\/gone \(/);
  await connectionPool.connect(loginTo(xen1), { env });
});
