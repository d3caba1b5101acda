import type { Socket } from "node:net";
import type { ServerChannel } from "ssh2";
import { connectionPool } from "../../provider/host/connection-pool";
import { alsoClose, closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { type Exec, loginTo, runLocally } from "./ssh-server";

closeAfterEach();

test("a script runs as root and gets the addresses of its SSH session", async () => {
  const xen1 = await server();
  const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
  const result = await host.run('echo "came from $1"; echo trouble >&2; exit 3');
  expect(result).toEqual({ stdout: "came from 192.0.2.1 50000 192.0.2.7 22\n", stderr: "trouble\n", exitCode: 3 });
  expect(xen1.commands).toEqual(['/bin/sh -s -- "$SSH_CONNECTION"']);
});

test("a signal that ends a script leaves no exit code", async () => {
  const xen1 = await server();
  const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
  expect(await host.run("kill -9 $$")).toMatchObject({ exitCode: null });
});

describe("what a script prints", () => {
  async function hostSaying() {
    const xen1 = await server();
    return connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
  }

  test("comes back byte for byte, and a script may hold every byte but NUL", async () => {
    const host = await hostSaying();
    const octal = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    expect(await host.run(`printf '${octal}'; printf '${octal}' >&2`)).toMatchObject({ stdout: all, stderr: all });
    expect(await host.run("cat <<'end'\n\x01\x80\xc3\xa9\xff\nend\n")).toMatchObject({
      stdout: "\x01\x80\xc3\xa9\xff\n",
    });
  });

  test("may be long", async () => {
    const host = await hostSaying();
    const { stdout, exitCode } = await host.run("head -c 2097152 /dev/zero | tr '\\0' x; exit 7");
    expect({ length: stdout.length, exitCode }).toEqual({ length: 2_097_152, exitCode: 7 });
  });

  test("may answer a long script", async () => {
    const host = await hostSaying();
    expect(await host.run(`# ${"x".repeat(3_000_000)}\necho done`)).toMatchObject({ stdout: "done\n" });
  });

  test("is passed on line by line", async () => {
    const host = await hostSaying();
    const lines: string[] = [];
    const { stdout } = await host.run("printf 'one\\nt'; printf 'wo\\n\\nunfinished'", {
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(["one", "two", ""]);
    expect(stdout).toBe("one\ntwo\n\nunfinished");
  });

  test("may ask for a reply, which is chosen by what was printed before", async () => {
    const host = await hostSaying();
    const script = 'echo facts; echo @waiting; rest=$(exec cat); eval "$rest"; echo end; exit\n';
    const replyTo = (printed: string) => (printed === "facts\n" ? `echo ${"é".repeat(5000)} | wc -c\n` : "");
    const conversation = { until: "@waiting", reply: replyTo };
    const { stdout, exitCode } = await host.run(script, { conversation, limitMs: 60_000 });
    expect({ stdout, exitCode }).toEqual({ stdout: "facts\n@waiting\n5001\nend\n", exitCode: 0 });
  });

  test("that asks for nothing gets no reply, and its end is the end", async () => {
    const host = await hostSaying();
    const reply = jest.fn(() => "");
    const conversation = { until: "@waiting", reply };
    expect(await host.run("echo busy; exit 1\n", { conversation })).toMatchObject({ stdout: "busy\n", exitCode: 1 });
    expect(reply).not.toHaveBeenCalled();
  });

  test("may be nothing to reply to: the error comes back, and the script gets an empty reply", async () => {
    const host = await hostSaying();
    const lines: string[] = [];
    const conversation = {
      until: "@waiting",
      reply: () => {
        throw new Error("cannot be read");
      },
    };
    const script = 'echo @waiting; rest=$(exec cat); echo "got <$rest>"; exit\n';
    const run = host.run(script, { conversation, onLine: (line) => lines.push(line) });
    await expect(run).rejects.toThrow("cannot be read");
    expect(lines).toEqual(["@waiting", "got <>"]);
  });

  test("does not hold what login files print", async () => {
    const xen1 = await server({ exec: runLocally("root", "printf 'Welcome!\\nno line end';") });
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const lines: string[] = [];
    const result = await host.run("echo hello", { onLine: (line) => lines.push(line) });
    expect({ ...result, lines }).toEqual({ stdout: "hello\n", stderr: "", exitCode: 0, lines: ["hello"] });
  });

  test("needs a script that consists of bytes", async () => {
    const host = await hostSaying();
    await expect(host.run("echo €")).rejects.toThrow(RangeError);
  });
});

describe("the connection to a host", () => {
  test("is shared by all who ask, at once and later", async () => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    const hosts = await Promise.all([1, 2, 3].map(() => connectionPool.connect(loginTo(xen1), home)));
    await Promise.all(hosts.map((host) => host.run("echo hello")));
    await (await connectionPool.connect(loginTo(xen1), home)).run("echo again");
    expect(xen1.connections).toHaveLength(1);
    expect(xen1.commands).toHaveLength(4);
  });

  test("makes room when it is idle and another has none, and is opened again at its next use", async () => {
    const [xen1, xen2] = [await server(), await server()];
    const home = homeKnowing(xen1, xen2);
    const env = { ...home.env, PCI_PASSTHROUGH_MAX_CONNECTIONS: "1" };
    const first = await connectionPool.connect(loginTo(xen1), { env });
    await first.run("echo hello");
    const second = await connectionPool.connect(loginTo(xen2), { env });
    await Promise.all([first.run("echo again"), second.run("echo hello"), first.run("echo and again")]);
    expect({ first: xen1.connections.length, second: xen2.connections.length }).toEqual({ first: 2, second: 1 });
  });

  test("is a separate one for another login", async () => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    await connectionPool.connect(loginTo(xen1), home);
    await connectionPool.connect(loginTo(xen1, { user: "admin" }), home);
    expect(xen1.connections).toHaveLength(2);
  });

  test("runs at most four scripts at once, and the others in their turn", async () => {
    const open: ServerChannel[] = [];
    let most = 0;
    const xen1 = await server({
      exec: (command, channel, connection) => {
        open.push(channel);
        most = Math.max(most, open.length);
        channel.on("close", () => open.splice(open.indexOf(channel), 1));
        runLocally()(command, channel, connection);
      },
    });
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const results = await Promise.all(Array.from({ length: 12 }, (_, index) => host.run(`sleep 0.05; echo ${index}`)));
    expect(results.map(({ stdout }) => Number(stdout))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(most).toBe(4);
  });

  test.each([0, 1, 2, 3, 5, 8])(
    "is opened again when it was cut while nobody used it, %i turns before",
    async (turns) => {
      const xen1 = await server();
      const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
      await host.run("true");
      xen1.connections[0]?.end();
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(await host.run("echo back")).toMatchObject({ stdout: "back\n" });
      expect(xen1.connections).toHaveLength(2);
    },
  );

  test("is tried again at the next use when it could not be opened", async () => {
    let broken = true;
    const xen1 = await server({ authenticate: ({ method }) => method === "publickey" && !broken });
    const home = homeKnowing(xen1);
    expect((await failureOf(connectionPool.connect(loginTo(xen1), home))).failure).toBe("credentials-rejected");
    broken = false;
    const host = await connectionPool.connect(loginTo(xen1), home);
    expect(await host.run("echo in")).toMatchObject({ stdout: "in\n" });
  });
});

describe("a connection that ends while a script runs", () => {
  test("is reported, and the next script gets a new one", async () => {
    const xen1 = await server();
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const script = host.run("echo started; exec sleep 600", { onLine: () => xen1.connections[0]?.end() });
    const error = await failureOf(script);
    expect(error.failure).toBe("cut");
    expect(error.unreached).toBe(false);
    expect(error.message).toMatch(
      /Lost the connection to 127.0.0.1 while a script was running: .* may have run to its end/,
    );
    expect(await host.run("echo back")).toMatchObject({ stdout: "back\n" });
  });

  test("is noticed by its silence when nothing else reports it", async () => {
    const xen1 = await server({ exec: (_command, _channel, connection) => freeze(connection) });
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const error = await failureOf(host.run("true", { silenceMs: 90 }));
    expect(error).toMatchObject({
      failure: "cut",
      message: expect.stringContaining("the host sent nothing for 0.09 s"),
    });
  });

  test("is not assumed while the script is silent, as long as its host answers", async () => {
    const xen1 = await server();
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    expect(await host.run("sleep 0.5; echo slow", { silenceMs: 90 })).toMatchObject({ stdout: "slow\n" });
  });
});

/** Like a host that lost power: its socket stays open on this side, and nothing arrives any more. */
function freeze(connection: object): void {
  const { _sock: socket } = connection as { _sock: Socket };
  socket.pause();
  socket.write = () => true;
  alsoClose(() => void socket.destroy());
}

describe("the end of the process", () => {
  const waited = (): number =>
    process.getActiveResourcesInfo().filter((resource) => /TCPSocket|Timeout/.test(resource)).length;

  test("is not held up by an idle connection", async () => {
    const xen1 = await server();
    const before = waited();
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    // The server runs in this process too: its end of the connection counts.
    expect(waited()).toBe(before + 1);
    const running = host.run("read -r nothing; echo ran", { onLine: () => undefined });
    await until(() => waited() > before + 1);
    await running;
    await until(() => waited() === before + 1);
  });

  test("closes the connections when a signal asks for it", async () => {
    const xen1 = await server();
    const home = homeKnowing(xen1);
    await connectionPool.connect(loginTo(xen1), home);
    const closed = new Promise((resolve) => xen1.connections[0]?.once("close", () => resolve("closed")));
    // With another listener the process goes on.
    const other = (): void => undefined;
    process.on("SIGTERM", other);
    alsoClose(() => void process.off("SIGTERM", other));
    process.emit("SIGTERM", "SIGTERM");
    expect(await closed).toBe("closed");
    expect(process.listeners("SIGTERM")).toEqual([other]);
  });
});

describe("a host that", () => {
  const silent: Exec = () => undefined;

  test("lets the user in and then never starts a shell counts as one that does not answer", async () => {
    const xen1 = await server({ exec: silent });
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const error = await failureOf(host.run("true", { startMs: 90 }));
    expect(error).toMatchObject({ failure: "no-answer", unreached: true, host: "127.0.0.1" });
    expect(error.message).toContain("the login as root succeeded, but no shell began within 0.09 s. Log in by hand");
  });

  test("never answers the request for a session counts as one that does not answer", async () => {
    const xen1 = await server();
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    xen1.connections[0]?.removeAllListeners("session").on("session", () => undefined);
    expect(await failureOf(host.run("true", { startMs: 90 }))).toMatchObject({ failure: "no-answer" });
  });

  test("does not finish in the time that a script may take counts as one that does not answer", async () => {
    const xen1 = await server();
    const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
    const error = await failureOf(host.run("while :; do echo more; sleep 0.05; done", { limitMs: 400 }));
    expect(error.failure).toBe("no-answer");
    expect(error.message).toContain("the script did not end within 0.4 s. Look on the host for the program that hangs");
  });

  test.each([
    ["from its script", "", "exec yes", "more than 64 MiB on standard output"],
    ["in one line", "", "exec tr '\\0' x < /dev/zero", "more than 64 MiB on standard output"],
    ["as errors", "", "exec yes >&2", "more than 1 MiB on standard error"],
    ["from a login file", "exec yes;", "true", "more than 1 MiB before the script began"],
  ])(
    "prints without end %s is cut off",
    async (_, loginFile, script, excess) => {
      const xen1 = await server({ exec: runLocally("root", loginFile) });
      const host = await connectionPool.connect(loginTo(xen1), homeKnowing(xen1));
      const error = await failureOf(host.run(script, { onLine: () => undefined }));
      expect(error).toMatchObject({ failure: "too-much-output", host: "127.0.0.1" });
      expect(error.message).toContain(`on 127.0.0.1: it printed ${excess}, and was cut off. Look for a program`);
    },
    30_000,
  );
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
