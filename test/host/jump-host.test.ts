import { connectionPool } from "../../provider/host/connection-pool";
import { closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { loginTo } from "./ssh-server";

closeAfterEach();

test("a script runs through a jump host, and through two", async () => {
  const [xen1, inner, outer] = [await server(), await server({ forwards: true }), await server({ forwards: true })];
  const home = homeKnowing(xen1, inner, outer);
  const proxyJump = `root@127.0.0.1:${outer.port},root@127.0.0.1:${inner.port}`;
  const host = await connectionPool.connect(loginTo(xen1, { proxyJump }), home);
  expect(await host.run("echo through")).toMatchObject({ stdout: "through\n" });
  expect([outer, inner, xen1].map(({ connections }) => connections.length)).toEqual([1, 1, 1]);
  expect([...outer.commands, ...inner.commands]).toEqual([]);
});

test("a jump host's key is checked like any other", async () => {
  const [xen1, bastion] = [await server(), await server({ forwards: true })];
  const proxyJump = `root@127.0.0.1:${bastion.port}`;
  const error = await failureOf(connectionPool.connect(loginTo(xen1, { proxyJump }), homeKnowing(xen1)));
  expect(error.failure).toBe("host-key-unknown");
  expect(error.message).toContain(`[127.0.0.1]:${bastion.port}`);
  expect(error.message).toContain(`Unable to trust the jump host 127.0.0.1 port ${bastion.port} (for 127.0.0.1): `);
  // `hostKey` would be compared with the key of the host behind it.
  expect(error.message).not.toContain("hostKey");
  expect([...bastion.tries, ...xen1.tries]).toEqual([]);
});

test("the host behind a jump host is checked too", async () => {
  const [xen1, bastion] = [await server(), await server({ forwards: true })];
  const proxyJump = `root@127.0.0.1:${bastion.port}`;
  const error = await failureOf(connectionPool.connect(loginTo(xen1, { proxyJump }), homeKnowing(bastion)));
  expect(error.failure).toBe("host-key-unknown");
  expect(xen1.tries).toEqual([]);
});

test("a jump host that cannot be reached is named, with the host behind it", async () => {
  const [xen1, bastion] = [await server(), await server()];
  await bastion.close();
  const login = loginTo(xen1, { address: "localhost", proxyJump: `root@127.0.0.1:${bastion.port}` });
  const error = await failureOf(connectionPool.connect(login, homeKnowing(xen1)));
  expect(error).toMatchObject({ failure: "refused", unreached: true, host: "localhost" });
  expect(error.message).toBe(
    `Unable to reach the jump host 127.0.0.1 port ${bastion.port} (for localhost): ` +
      "nothing listens there (ECONNREFUSED). " +
      "Check the port in `proxyJump` (or ProxyJump in ~/.ssh/config), and that sshd is running there.",
  );
});

test("a host that the jump host cannot reach is named, with the jump host's reason", async () => {
  const [xen1, bastion] = [await server(), await server({ forwards: true })];
  await xen1.close();
  const login = loginTo(xen1, { proxyJump: `root@127.0.0.1:${bastion.port}` });
  const error = await failureOf(connectionPool.connect(login, homeKnowing(bastion)));
  expect(error.message).toContain(
    `Unable to reach 127.0.0.1 port ${xen1.port} from the jump host 127.0.0.1 port ${bastion.port}: `,
  );
});

test("the password is not for the jump host", async () => {
  const bastion = await server({ forwards: true, authenticate: ({ method }) => method === "password" });
  const xen1 = await server();
  const login = loginTo(xen1, { proxyJump: `root@127.0.0.1:${bastion.port}`, password: "hunter2" });
  const error = await failureOf(connectionPool.connect(login, homeKnowing(xen1, bastion)));
  expect(error.failure).toBe("credentials-rejected");
  expect(error.message).toContain("`password` is never sent to a jump host.");
  expect(bastion.tries).not.toContain("password");
});

test("a jump host that forwards nothing is named as the reason", async () => {
  const [xen1, bastion] = [await server(), await server({ forwards: false })];
  const login = loginTo(xen1, { proxyJump: `root@127.0.0.1:${bastion.port}` });
  const error = await failureOf(connectionPool.connect(login, homeKnowing(xen1, bastion)));
  expect(error.message).toContain(
    `Unable to reach 127.0.0.1 port ${xen1.port} from the jump host 127.0.0.1 port ${bastion.port}: that refused`,
  );
  expect(error.unreached).toBe(true);
});

test("a jump host that goes away is a cut connection, and the next script opens a new one", async () => {
  const [xen1, bastion] = [await server(), await server({ forwards: true })];
  const login = loginTo(xen1, { proxyJump: `root@127.0.0.1:${bastion.port}` });
  const host = await connectionPool.connect(login, homeKnowing(xen1, bastion));
  const running = host.run("echo started; exec sleep 600", { onLine: () => bastion.connections[0]?.end() });
  expect((await failureOf(running)).failure).toBe("cut");
  expect(await host.run("echo back")).toMatchObject({ stdout: "back\n" });
  expect(bastion.connections).toHaveLength(2);
});
