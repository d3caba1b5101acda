import { utils } from "ssh2";
import { connectionPool } from "../../provider/host/connection-pool";
import { fingerprint, hashHostName } from "../../provider/host/known-hosts";
import { closeAfterEach, failureOf, homeKnowing, server } from "./pool-harness";
import { hostKey, knownHostsLine, loginTo, makeKeyPair, parsed } from "./ssh-server";

closeAfterEach();

const rsaKey = utils.generateKeyPairSync("rsa", { bits: 2048 });
const other = makeKeyPair();
const printOf = (key: { readonly public: string }): string => fingerprint(parsed(key.public).getPublicSSH());

async function serverWithLines(lines: (port: number) => string, hostKeys = [hostKey.private]) {
  const xen1 = await server({ hostKeys });
  const home = homeKnowing();
  const file = home.write(".ssh/known_hosts", lines(xen1.port));
  return { xen1, home, file };
}

test.each([
  { what: "its name and port", lines: (port: number) => knownHostsLine(port) },
  { what: "a pattern", lines: (port: number) => knownHostsLine(port).replace("127.0.0.1", "127.0.*") },
  {
    what: "a hash",
    lines: (port: number) =>
      knownHostsLine(port).replace(/^\S+/, hashHostName(`[127.0.0.1]:${port}`, Buffer.from("twenty bytes of salt"))),
  },
  { what: "its name without the port", lines: (port: number) => knownHostsLine(port).replace(/^\S+/, "127.0.0.1") },
  { what: "one of two keys", lines: (port: number) => knownHostsLine(port, rsaKey.public) + knownHostsLine(port) },
])("a host is known by $what", async ({ lines }) => {
  const { xen1, home } = await serverWithLines(lines);
  await connectionPool.connect(loginTo(xen1), home);
  expect(xen1.connections).toHaveLength(1);
});

test("a host with several keys is asked for the one that is known", async () => {
  const { xen1, home } = await serverWithLines(
    (port) => knownHostsLine(port, rsaKey.public),
    [hostKey.private, rsaKey.private],
  );
  await connectionPool.connect(loginTo(xen1), home);
  expect(xen1.connections).toHaveLength(1);
});

test("an unknown host is refused, with the line to add and the property to set", async () => {
  const { xen1, home } = await serverWithLines(() => "");
  const error = await failureOf(connectionPool.connect(loginTo(xen1), home));
  expect(error).toMatchObject({ failure: "host-key-unknown", unreached: false });
  expect(error.message).toContain(`add this line to known_hosts:\n    ${knownHostsLine(xen1.port).trim()}`);
  expect(error.message).toContain(`set \`hostKey: "${printOf(hostKey)}"\`, or add this line`);
  expect(xen1.tries).toEqual([]);

  home.write(".ssh/known_hosts", knownHostsLine(xen1.port));
  await connectionPool.connect(loginTo(xen1), home);
});

test("a host with another key than the known one is refused, with both fingerprints and the line", async () => {
  const { xen1, home, file } = await serverWithLines((port) => `# a comment\n${knownHostsLine(port, other.public)}`);
  const error = await failureOf(connectionPool.connect(loginTo(xen1), home));
  expect(error).toMatchObject({ failure: "host-key-wrong", unreached: false });
  expect(error.message).toContain(`presented the key ssh-ed25519 ${printOf(hostKey)}`);
  expect(error.message).toContain(`known_hosts has ssh-ed25519 ${printOf(other)} at ${file}:2`);
  expect(xen1.tries).toEqual([]);
});

test("a revoked key is refused although it is known", async () => {
  const { xen1, home, file } = await serverWithLines(
    (port) => `${knownHostsLine(port)}@revoked ${knownHostsLine(port).replace(/^\S+/, "*")}`,
  );
  const error = await failureOf(connectionPool.connect(loginTo(xen1), home));
  expect(error).toMatchObject({
    failure: "host-key-wrong",
    message: expect.stringContaining(`is revoked at ${file}:2`),
  });
});

test("a host that only a certificate authority vouches for is refused, with what to do", async () => {
  const { xen1, home, file } = await serverWithLines((port) => `@cert-authority ${knownHostsLine(port, other.public)}`);
  const error = await failureOf(connectionPool.connect(loginTo(xen1), home));
  expect(error.failure).toBe("host-key-unknown");
  expect(error.message).toContain(`only a certificate authority for it (${file}:1), and this provider cannot check`);
});

describe("the property hostKey", () => {
  const keys = [hostKey.private, rsaKey.private];

  test.each([
    { key: "the first that the host presents", declared: printOf(hostKey) },
    { key: "another key of the host", declared: printOf(rsaKey) },
    { key: "padded base64", declared: `${printOf(hostKey)}=` },
  ])("is $key", async ({ declared }) => {
    const { xen1, home } = await serverWithLines(() => "", keys);
    await connectionPool.connect(loginTo(xen1, { hostKey: declared }), home);
    expect(xen1.tries).not.toEqual([]);
  });

  test("that no key of the host has is refused, with what the host presented", async () => {
    const { xen1, home } = await serverWithLines((port) => knownHostsLine(port), keys);
    const error = await failureOf(connectionPool.connect(loginTo(xen1, { hostKey: printOf(other) }), home));
    expect(error.failure).toBe("host-key-wrong");
    expect(error.message).toContain(`ssh-ed25519 ${printOf(hostKey)}, ssh-rsa ${printOf(rsaKey)}`);
    expect(error.message).toContain(`\`hostKey\` says ${printOf(other)}`);
    expect(xen1.tries).toEqual([]);
  });
});

test("HostKeyAlias is the name that is looked up, without a port", async () => {
  const { xen1, home } = await serverWithLines(() => knownHostsLine(22).replace(/^\S+/, "rack7"));
  home.write(".ssh/config", "HostKeyAlias rack7");
  await connectionPool.connect(loginTo(xen1), home);
  expect(xen1.connections).toHaveLength(1);
});

test("PCI_PASSTHROUGH_KNOWN_HOSTS is read in place of all other files", async () => {
  const { xen1, home } = await serverWithLines((port) => knownHostsLine(port));
  const PCI_PASSTHROUGH_KNOWN_HOSTS = home.write("ci", "");
  const env = { ...home.env, PCI_PASSTHROUGH_KNOWN_HOSTS };
  expect((await failureOf(connectionPool.connect(loginTo(xen1), { env }))).failure).toBe("host-key-unknown");
});
