import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { connectionPool } from "../../provider/host/connection-pool";
import type { HostLogin } from "../../provider/host/host";
import { alsoClose, closeAfterEach, failureOf } from "./pool-harness";
import { hostKey, knownHostsLine, makeHome, userKey } from "./ssh-server";

/** OpenSSH's own server, as a process of this test on loopback. SSHD in the environment names another binary. */
const SSHD = process.env.SSHD ?? "/usr/sbin/sshd";

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}

function configure(port: number) {
  const home = makeHome();
  const config = home.write(
    "sshd_config",
    `
      ListenAddress 127.0.0.1:${port}
      HostKey ${home.write("host_key", hostKey.private)}
      AuthorizedKeysFile ${home.write("authorized_keys", userKey.public)}
      PidFile none
      StrictModes no
      UsePAM no
      PermitRootLogin prohibit-password
    `,
  );
  return { home, config };
}

/** sshd must be installed, and needs its user and /run/sshd; only as root can it run scripts as root. */
function isUsable(): boolean {
  const { home, config } = configure(22);
  const { status } = spawnSync(SSHD, ["-t", "-f", config]);
  home.remove();
  return status === 0 && userInfo().uid === 0;
}

(isUsable() ? describe : describe.skip)("OpenSSH's sshd", () => {
  closeAfterEach();

  async function startSshd() {
    const port = await freePort();
    const { home, config } = configure(port);
    const sshd = spawn(SSHD, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
    alsoClose(async () => {
      sshd.kill();
      if (sshd.exitCode === null) await once(sshd, "exit");
      home.remove();
    });
    let said = "";
    for await (const bytes of sshd.stderr.iterator({ destroyOnReturn: false })) {
      said += bytes;
      if (said.includes("Server listening")) break;
    }
    sshd.stderr.resume();
    const line = knownHostsLine(port);
    home.write(".ssh/known_hosts", line + line.replace("127.0.0.1", "localhost"));
    const login: HostLogin = { address: "127.0.0.1", port, user: userInfo().username, privateKey: userKey.private };
    return { login, home, port };
  }

  test("runs a script and passes it the addresses of the session", async () => {
    const { login, home, port } = await startSshd();
    const host = await connectionPool.connect(login, home);
    const { stdout, exitCode } = await host.run('echo "$1"; exit 3');
    expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${port}\n$`));
    expect(exitCode).toBe(3);
  });

  test("runs more scripts than it has sessions for, on one connection", async () => {
    const { login, home } = await startSshd();
    const host = await connectionPool.connect(login, home);
    const results = await Promise.all(Array.from({ length: 20 }, () => host.run("echo $PPID")));
    // One process of sshd serves one connection; the login shell makes way for our sh.
    expect(new Set(results.map(({ stdout }) => stdout))).toHaveProperty("size", 1);
  });

  test("answers while a script is silent", async () => {
    const { login, home } = await startSshd();
    const host = await connectionPool.connect(login, home);
    expect(await host.run("sleep 1; echo slow", { silenceMs: 300 })).toMatchObject({ stdout: "slow\n" });
  });

  test("is a jump host to itself", async () => {
    const { login, home, port } = await startSshd();
    const proxyJump = `${login.user}@localhost:${port}`;
    const host = await connectionPool.connect({ ...login, proxyJump }, home);
    expect(await host.run("head -c 300000 /dev/zero | wc -c")).toMatchObject({
      stdout: expect.stringMatching(/^ *300000\n$/),
    });
  });

  test("cuts a connection whose script kills the sshd that serves it", async () => {
    const { login, home } = await startSshd();
    const host = await connectionPool.connect(login, home);
    expect((await failureOf(host.run("kill -9 $PPID; exec sleep 5"))).failure).toBe("cut");
    expect(await host.run("echo back")).toMatchObject({ stdout: "back\n" });
  });

  test("accepts no key that it does not know", async () => {
    const { login, home } = await startSshd();
    const error = await failureOf(connectionPool.connect({ ...login, privateKey: hostKey.private }, home));
    expect(error).toMatchObject({
      failure: "credentials-rejected",
      message: expect.stringContaining("accepts publickey"),
    });
  });
});
