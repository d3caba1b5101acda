import { PassthroughError } from "../../provider/errors";
import type { HostLogin } from "../../provider/host/host";
import { type LoginEnvironment, resolveLogin } from "../../provider/host/resolved-login";

function resolve(config: string, login: Partial<HostLogin> = {}, env: LoginEnvironment["env"] = {}) {
  const local = { configText: config, included: () => [], env, homedir: "/home/me", localUser: "me" };
  return resolveLogin({ address: "xen1", ...login }, local);
}

test("without a config the login is what ssh's would be", () => {
  const { target, jumps, sudo } = resolve("", {}, { SSH_AUTH_SOCK: "/run/agent" });
  expect({ jumps, sudo }).toEqual({ jumps: [], sudo: false });
  expect(target).toMatchObject({ name: "xen1", hostName: "xen1", port: 22, user: "me", agent: "/run/agent" });
  expect(target.identityFiles).toContainEqual({ path: "/home/me/.ssh/id_ed25519", source: "default" });
  expect(target.knownHostsFiles).toEqual([
    "/home/me/.ssh/known_hosts",
    "/home/me/.ssh/known_hosts2",
    "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2",
  ]);
});

const CONFIG = `
Host xen1
  HostName %h.lan
  HostName ignored
  User admin
  Port 2201
  IdentityFile ~/.ssh/%h-%r-%u
  IdentityFile %d/\${KEYS}/b
  IdentitiesOnly yes
  IdentityAgent ~/agent.sock
  UserKnownHostsFile ~/a "~/b c"
  GlobalKnownHostsFile none
  HostKeyAlias rack7
  ConnectTimeout 20
  KexAlgorithms +diffie-hellman-group14-sha1
  PubkeyAcceptedAlgorithms +ssh-rsa
`;

test("the ssh config decides what the program leaves open", () => {
  const { target } = resolve(CONFIG, {}, { KEYS: "keys" });
  expect(target).toMatchObject({
    name: "xen1",
    hostName: "xen1.lan",
    port: 2201,
    user: "admin",
    identitiesOnly: true,
    agent: "/home/me/agent.sock",
    knownHostsFiles: ["/home/me/a", "/home/me/b c"],
    hostKeyAlias: "rack7",
    connectTimeoutMs: 20_000,
    acceptedKeys: "+ssh-rsa",
  });
  expect(target.identityFiles).toEqual([
    { path: "/home/me/.ssh/xen1.lan-admin-me", source: "configured" },
    { path: "/home/me/keys/b", source: "configured" },
  ]);
  expect(target.algorithms.kex).toContain("diffie-hellman-group14-sha1");
});

test("the program wins over the ssh config, and the environment over the program", () => {
  const login = { user: "root", port: 22, identityFile: "~/key", privateKey: "in the program" };
  const { target } = resolve(CONFIG, login);
  expect(target).toMatchObject({ user: "root", port: 22, privateKey: "in the program" });
  expect(target.identityFiles).toEqual([{ path: "/home/me/key", source: "declared" }]);

  const { target: inCi } = resolve(CONFIG, login, {
    PCI_PASSTHROUGH_USER: "ci",
    PCI_PASSTHROUGH_IDENTITY_FILE: "/ci/key",
    PCI_PASSTHROUGH_KNOWN_HOSTS: "/ci/known_hosts",
  });
  expect(inCi).toMatchObject({ user: "ci", privateKey: undefined, knownHostsFiles: ["/ci/known_hosts"] });
  expect(inCi.identityFiles).toEqual([{ path: "/ci/key", source: "declared" }]);
});

test("an empty environment variable overrides nothing", () => {
  const nothing = { PCI_PASSTHROUGH_USER: "", PCI_PASSTHROUGH_IDENTITY_FILE: "", PCI_PASSTHROUGH_KNOWN_HOSTS: "" };
  expect(resolve("", { user: "root", privateKey: "key" }, nothing)).toEqual(
    resolve("", { user: "root", privateKey: "key" }),
  );
});

test.each([
  { setting: "none", agent: undefined },
  { setting: "SSH_AUTH_SOCK", agent: "/run/agent" },
  { setting: "$OTHER", agent: "/run/other" },
  { setting: "/run/%r.sock", agent: "/run/me.sock" },
])("IdentityAgent $setting", ({ setting, agent }) => {
  const env = { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" };
  expect(resolve(`IdentityAgent ${setting}`, {}, env).target.agent).toBe(agent);
});

test("with a key in the program ssh's default files are not used", () => {
  expect(resolve("", { privateKey: "key" }).target.identityFiles).toEqual([]);
});

test.each([
  { what: "brackets around IPv6", address: "[2001:db8::1]", hostName: "2001:db8::1" },
  { what: "plain IPv6", address: "2001:db8::1", hostName: "2001:db8::1" },
])("$what", ({ address, hostName }) => {
  expect(resolve("", { address }).target.hostName).toBe(hostName);
});

describe("jump hosts", () => {
  const names = (login: ReturnType<typeof resolve>): string[] =>
    login.jumps.map(({ user, name, port }) => `${user}@${name}:${port}`);

  test("come from the program, else from the ssh config", () => {
    expect(names(resolve("Host xen1\n ProxyJump bastion"))).toEqual(["me@bastion:22"]);
    expect(names(resolve("Host xen1\n ProxyJump bastion", { proxyJump: "root@other:2222" }))).toEqual([
      "root@other:2222",
    ]);
    expect(names(resolve("Host xen1\n ProxyJump bastion", { proxyJump: "none" }))).toEqual([]);
  });

  test("may be several, and the first one may have its own", () => {
    expect(names(resolve("Host xen1\n ProxyJump a,b\nHost a\n ProxyJump outer\nHost b\n ProxyJump unused"))).toEqual([
      "me@outer:22",
      "me@a:22",
      "me@b:22",
    ]);
  });

  test("take user, port and key from the ssh config", () => {
    const { jumps } = resolve("Host bastion\n User jump\n Port 2200\n IdentityFile ~/jump", {
      proxyJump: "bastion",
      identityFile: "~/key",
      user: "root",
    });
    expect(jumps).toMatchObject([
      { user: "jump", port: 2200, identityFiles: [{ path: "/home/me/jump", source: "configured" }] },
    ]);
  });

  test("are offered the program's key where the ssh config names none, and never its password", () => {
    const { jumps } = resolve("", {
      proxyJump: "bastion",
      identityFile: "~/key",
      password: "secret",
      hostKey: "SHA256:x",
    });
    expect(jumps).toMatchObject([
      { identityFiles: [{ path: "/home/me/key", source: "declared" }], password: undefined, hostKey: undefined },
    ]);
  });

  test("that a pattern sends through themselves are reached directly", () => {
    expect(names(resolve("Host *\n ProxyJump bastion"))).toEqual(["me@bastion:22"]);
  });

  test("in a circle are an error", () => {
    expect(() => resolve("Host xen1 b\n ProxyJump a\nHost a\n ProxyJump b")).toThrow(/circle/);
  });
});

test("Port may name the service ssh", () => {
  expect(resolve("Port ssh").target.port).toBe(22);
});

test.each([
  { config: "ProxyCommand nc %h %p", error: /ProxyCommand.*Use ProxyJump/ },
  { config: "Port telnet0", error: /sets Port to "telnet0", which is not a port number/ },
  { config: "ProxyJump a b@", error: /Unable to read the ProxyJump/ },
])("$config is refused", ({ config, error }) => {
  expect(() => resolve(config)).toThrow(error);
  expect(() => resolve(config)).toThrow(PassthroughError);
});

test("a ProxyCommand that is none, or that the program's proxyJump replaces, is not refused", () => {
  expect(resolve("ProxyCommand none").jumps).toEqual([]);
  expect(resolve("Host xen1\n ProxyCommand nc", { proxyJump: "bastion" }).jumps).toHaveLength(1);
});

test.each([
  { what: "ProxyCommand none", config: "Host xen1\n ProxyCommand none\nHost *\n ProxyJump bastion", jumps: [] },
  { what: "ProxyJump", config: "ProxyJump bastion\nProxyCommand nc %h %p", jumps: ["bastion"] },
  { what: "ProxyJump none", config: "ProxyJump none\nProxyCommand nc %h %p", jumps: [] },
])("whichever of ProxyJump and ProxyCommand comes first counts: $what", ({ config, jumps }) => {
  expect(resolve(config).jumps.map((jump) => jump.name)).toEqual(jumps);
});

test("a ProxyCommand before a ProxyJump is refused", () => {
  expect(() => resolve("ProxyCommand nc %h %p\nProxyJump bastion")).toThrow(/ProxyCommand/);
});

test.each([
  ["20", 20_000],
  ["30s", 30_000],
  ["1m", 60_000],
  ["1h30M", 5_400_000],
  ["none", undefined],
])("ConnectTimeout %s", (time, connectTimeoutMs) => {
  expect(resolve(`ConnectTimeout ${time}`).target.connectTimeoutMs).toBe(connectTimeoutMs);
});

test("IdentitiesOnly true is yes, an IdentityFile given twice is one, and %k is the alias or the address", () => {
  const { target } = resolve("IdentitiesOnly true\nIdentityFile ~/%k\nIdentityFile ~/%k");
  expect(target.identitiesOnly).toBe(true);
  expect(target.identityFiles).toEqual([{ path: "/home/me/xen1", source: "configured" }]);
  expect(resolve("HostKeyAlias rack7\nIdentityFile ~/%k").target.identityFiles[0]?.path).toBe("/home/me/rack7");
});
