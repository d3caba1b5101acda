import { connectionPool } from "../../provider/host/connection-pool";
import { closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { type Exec, loginTo, runLocally } from "./ssh-server";

closeAfterEach();

async function hostWith(exec: Exec, more: { user?: string; sudo?: boolean } = {}) {
  const xen1 = await server({ exec });
  return { xen1, host: await connectionPool.connect(loginTo(xen1, more), homeKnowing(xen1)) };
}

/** A host that answers without running anything. */
const answering =
  (exitCode: number, { stdout = "", stderr = "" }): Exec =>
  (_command, channel) => {
    channel.write(stdout);
    channel.stderr.write(stderr);
    channel.exit(exitCode);
    channel.end();
  };

test("a user other than root is told to log in as root or to use sudo, and the script does not run", async () => {
  const { host } = await hostWith(runLocally("admin"), { user: "admin" });
  const lines: string[] = [];
  const error = await failureOf(host.run("echo ran", { onLine: (line) => lines.push(line) }));
  expect(error).toMatchObject({ failure: "not-root", unreached: false });
  expect(error.message).toBe(
    "Unable to run scripts as root on 127.0.0.1: the login user there is admin, not root. " +
      'Set `user: "root"`, or `sudo: true` if admin may run /bin/sh with sudo and without a password.',
  );
  expect(lines).toEqual([]);
});

test("with sudo the script runs through it", async () => {
  // This machine may have no sudo; the server's shell gets one that does what NOPASSWD allows.
  const { host, xen1 } = await hostWith(
    (command, channel, connection) => runLocally()(command.replace("sudo -n ", ""), channel, connection),
    { user: "admin", sudo: true },
  );
  expect(await host.run("echo ran")).toMatchObject({ stdout: "ran\n" });
  expect(xen1.commands).toEqual(['sudo -n /bin/sh -s -- "$SSH_CONNECTION"']);
});

test.each([
  { why: "asks for a password", exitCode: 1, stderr: "sudo: a password is required\n" },
  { why: "is not installed", exitCode: 127, stderr: "sh: 1: sudo: not found\n" },
  { why: "wants a terminal", exitCode: 1, stderr: "sudo: sorry, you must have a tty to run sudo\n" },
])("a sudo that $why is reported with the line for sudoers", async ({ exitCode, stderr }) => {
  const { host } = await hostWith(answering(exitCode, { stderr }), { user: "admin", sudo: true });
  const error = await failureOf(host.run("true"));
  expect(error.failure).toBe("not-root");
  expect(error.message).toContain(`exit code ${exitCode} and said: ${stderr.trim()}.`);
  expect(error.message).toContain('"admin ALL=(root) NOPASSWD: /bin/sh" (this is full root)');
});

test("a login shell that runs nothing is reported with what it printed", async () => {
  const { host } = await hostWith(answering(1, { stdout: "This account is currently not available.\n" }));
  const error = await failureOf(host.run("true"));
  expect(error.failure).toBe("not-root");
  expect(error.message).toContain("said: This account is currently not available.");
});
