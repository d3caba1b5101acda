import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { PassthroughError } from "../../provider/errors";
import type { HostLogin } from "../../provider/host/host";
import { askOpenSsh } from "../../provider/host/openssh";
import { type LoginEnvironment, type ResolvedLogin, resolveLogin } from "../../provider/host/resolved-login";
import { readSshConfig } from "../../provider/host/ssh-config-file";

const { username: ME, homedir: HOME, uid: UID } = userInfo();

const homeOf = (user: string) => (user === "other" ? "/home/other" : undefined);

const scratch = mkdtempSync(join(tmpdir(), "ssh-config-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Who reads a configuration: the tests hold for both. */
const READERS: Readonly<Record<string, (config: string) => LoginEnvironment["settings"]>> = {
  "our reader": (config) => async (query) => readSshConfig(config, query, () => []),
  OpenSSH: (config) => async (query) => {
    const file = join(mkdtempSync(join(scratch, "home-")), "config");
    writeFileSync(file, config);
    const settings = await askOpenSsh(query, process.env, ["-F", file]);
    if (!settings) throw new Error("this test needs OpenSSH");
    return settings;
  },
};

describe.each(Object.entries(READERS))("as read by %s", (_, read) => {
  function resolve(
    config: string,
    login: Partial<HostLogin> = {},
    env: LoginEnvironment["env"] = {},
  ): Promise<ResolvedLogin> {
    const local = {
      settings: read(config),
      env,
      homedir: HOME,
      localUser: ME,
      localUid: UID,
      localHost: hostname(),
      homeOf,
    };
    return resolveLogin({ address: "xen1", ...login }, local);
  }

  test("without a config the login is what ssh's would be", async () => {
    const { target, jumps, sudo } = await resolve("", {}, { SSH_AUTH_SOCK: "/run/agent" });
    expect({ jumps, sudo }).toEqual({ jumps: [], sudo: false });
    expect(target).toMatchObject({ name: "xen1", hostName: "xen1", port: 22, user: ME, agent: "/run/agent" });
    expect(target.identityFiles).toContainEqual({ path: `${HOME}/.ssh/id_ed25519`, source: "default" });
    expect(target.knownHostsFiles).toEqual([
      `${HOME}/.ssh/known_hosts`,
      `${HOME}/.ssh/known_hosts2`,
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

  test("the ssh config decides what the program leaves open", async () => {
    const { target } = await resolve(CONFIG, {}, { KEYS: "keys" });
    expect(target).toMatchObject({
      name: "xen1",
      hostName: "xen1.lan",
      port: 2201,
      user: "admin",
      identitiesOnly: true,
      agent: `${HOME}/agent.sock`,
      knownHostsFiles: [`${HOME}/a`, `${HOME}/b c`],
      hostKeyAlias: "rack7",
      connectTimeoutMs: 20_000,
      acceptedKeys: "+ssh-rsa",
    });
    expect(target.identityFiles).toEqual([
      { path: `${HOME}/.ssh/xen1.lan-admin-${ME}`, source: "configured" },
      { path: `${HOME}/keys/b`, source: "configured" },
    ]);
    expect(target.algorithms.kex).toContain("diffie-hellman-group14-sha1");
  });

  test("the program wins over the ssh config, and the environment over the program", async () => {
    const login = { user: "root", port: 22, identityFile: "~/key", privateKey: "in the program" };
    const { target } = await resolve(CONFIG, login);
    expect(target).toMatchObject({ user: "root", port: 22, privateKey: "in the program" });
    expect(target.identityFiles).toEqual([{ path: `${HOME}/key`, source: "declared" }]);

    const { target: inCi } = await resolve(CONFIG, login, {
      PCI_PASSTHROUGH_USER: "ci",
      PCI_PASSTHROUGH_IDENTITY_FILE: "/ci/key",
      PCI_PASSTHROUGH_KNOWN_HOSTS: "/ci/known_hosts",
    });
    expect(inCi).toMatchObject({ user: "ci", privateKey: undefined, knownHostsFiles: ["/ci/known_hosts"] });
    expect(inCi.identityFiles).toEqual([{ path: "/ci/key", source: "declared" }]);
  });

  test("an empty environment variable overrides nothing", async () => {
    const nothing = { PCI_PASSTHROUGH_USER: "", PCI_PASSTHROUGH_IDENTITY_FILE: "", PCI_PASSTHROUGH_KNOWN_HOSTS: "" };
    const login = { user: "root", privateKey: "key" };
    expect(await resolve("", login, nothing)).toEqual(await resolve("", login));
  });

  test.each([
    { setting: "none", agent: undefined },
    { setting: "SSH_AUTH_SOCK", agent: "/run/agent" },
    { setting: "$OTHER", agent: "/run/other" },
    { setting: "/run/%r.sock", agent: `/run/${ME}.sock` },
  ])("IdentityAgent $setting", async ({ setting, agent }) => {
    const env = { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" };
    expect((await resolve(`IdentityAgent ${setting}`, {}, env)).target.agent).toBe(agent);
  });

  test("with a key in the program ssh's default files are not used", async () => {
    expect((await resolve("", { privateKey: "key" })).target.identityFiles).toEqual([]);
  });

  test.each([
    { what: "brackets around IPv6", address: "[2001:db8::1]", hostName: "2001:db8::1" },
    { what: "plain IPv6", address: "2001:db8::1", hostName: "2001:db8::1" },
  ])("$what", async ({ address, hostName }) => {
    expect((await resolve("", { address })).target.hostName).toBe(hostName);
  });

  describe("jump hosts", () => {
    const names = (login: ResolvedLogin): string[] =>
      login.jumps.map(({ user, name, port }) => `${user}@${name}:${port}`);

    test("come from the program, else from the ssh config", async () => {
      expect(names(await resolve("Host xen1\n ProxyJump bastion"))).toEqual([`${ME}@bastion:22`]);
      expect(names(await resolve("Host xen1\n ProxyJump bastion", { proxyJump: "root@other:2222" }))).toEqual([
        "root@other:2222",
      ]);
      expect(names(await resolve("Host xen1\n ProxyJump bastion", { proxyJump: "none" }))).toEqual([]);
    });

    test("may be several, and the first one may have its own", async () => {
      expect(
        names(await resolve("Host xen1\n ProxyJump a,b\nHost a\n ProxyJump outer\nHost b\n ProxyJump unused")),
      ).toEqual([`${ME}@outer:22`, `${ME}@a:22`, `${ME}@b:22`]);
    });

    test("take user, port and key from the ssh config", async () => {
      const { jumps } = await resolve("Host bastion\n User jump\n Port 2200\n IdentityFile ~/jump", {
        proxyJump: "bastion",
        identityFile: "~/key",
        user: "root",
      });
      expect(jumps).toMatchObject([
        { user: "jump", port: 2200, identityFiles: [{ path: `${HOME}/jump`, source: "configured" }] },
      ]);
    });

    test("are offered the program's key where the ssh config names none, and never its password", async () => {
      const { jumps } = await resolve("", {
        proxyJump: "bastion",
        identityFile: "~/key",
        password: "secret",
        hostKey: "SHA256:x",
      });
      expect(jumps).toMatchObject([
        { identityFiles: [{ path: `${HOME}/key`, source: "declared" }], password: undefined, hostKey: undefined },
      ]);
    });

    test("that a pattern sends through themselves are an error, as for ssh", async () => {
      await expect(resolve("Host *\n ProxyJump bastion")).rejects.toThrow(/circle|jumphost loop via bastion/);
    });

    test("in a circle are an error", async () => {
      await expect(resolve("Host xen1 b\n ProxyJump a\nHost a\n ProxyJump b")).rejects.toThrow(/circle/);
    });
  });

  test("Port may name the service ssh", async () => {
    expect((await resolve("Port ssh")).target.port).toBe(22);
  });

  test.each([
    { config: "ProxyCommand nc %h %p", error: /ProxyCommand.*Use ProxyJump/ },
    { config: "Port telnet0", error: /sets Port to "telnet0", which is not a port number|Bad port 'telnet0'/ },
    { config: "Host xen1\n ProxyJump b@", error: /ProxyJump/ },
  ])("$config is refused", async ({ config, error }) => {
    await expect(resolve(config)).rejects.toThrow(error);
    await expect(resolve(config)).rejects.toThrow(PassthroughError);
  });

  test("a ProxyCommand that is none, or that the program's proxyJump replaces, is not refused", async () => {
    expect((await resolve("ProxyCommand none")).jumps).toEqual([]);
    expect((await resolve("Host xen1\n ProxyCommand nc", { proxyJump: "bastion" })).jumps).toHaveLength(1);
  });

  test.each([
    { what: "ProxyCommand none", config: "Host xen1\n ProxyCommand none\nHost *\n ProxyJump bastion", jumps: [] },
    { what: "ProxyJump", config: "Host xen1\n ProxyJump bastion\n ProxyCommand nc %h %p", jumps: ["bastion"] },
    { what: "ProxyJump none", config: "ProxyJump none\nProxyCommand nc %h %p", jumps: [] },
  ])("whichever of ProxyJump and ProxyCommand comes first counts: $what", async ({ config, jumps }) => {
    expect((await resolve(config)).jumps.map((jump) => jump.name)).toEqual(jumps);
  });

  test("a ProxyCommand before a ProxyJump is refused", async () => {
    await expect(resolve("ProxyCommand nc %h %p\nProxyJump bastion")).rejects.toThrow(/ProxyCommand/);
  });

  test.each([
    ["20", 20_000],
    ["30s", 30_000],
    ["1m", 60_000],
    ["1h30M", 5_400_000],
    ["none", undefined],
  ])("ConnectTimeout %s", async (time, connectTimeoutMs) => {
    expect((await resolve(`ConnectTimeout ${time}`)).target.connectTimeoutMs).toBe(connectTimeoutMs);
  });

  test("IdentitiesOnly true is yes, an IdentityFile given twice is one, and %k is the alias or the address", async () => {
    const { target } = await resolve("IdentitiesOnly true\nIdentityFile ~/%k\nIdentityFile ~/%k");
    expect(target.identitiesOnly).toBe(true);
    expect(target.identityFiles).toEqual([{ path: `${HOME}/xen1`, source: "configured" }]);
    expect((await resolve("HostKeyAlias rack7\nIdentityFile ~/%k")).target.identityFiles[0]?.path).toBe(
      `${HOME}/rack7`,
    );
  });

  test("~user is the home of that user, and %j, %i, %L and %l are what ssh_config(5) says", async () => {
    const paths = async (config: string, login: Partial<HostLogin> = {}) =>
      (await resolve(config, login)).target.identityFiles.map(({ path }) => path);
    expect(await paths("IdentityFile ~other/key\nIdentityFile ~nobody-here/key")).toEqual([
      "/home/other/key",
      "~nobody-here/key",
    ]);
    const own = `${UID}-${hostname().replace(/\..*/, "")}-${hostname()}`;
    expect(await paths("IdentityFile /%i-%L-%l-%j")).toEqual([`/${own}-`]);
    expect(await paths("IdentityFile /%j", { proxyJump: "a,admin@b:22" })).toEqual(["/b"]);
  });

  test("%C is the hash that ssh makes of the connection", async () => {
    const config = "Host xen1\n HostName xen1.lan\n Port 2201\n User admin\n";
    const file = join(mkdtempSync(join(scratch, "home-")), "config");
    writeFileSync(file, `${config} UserKnownHostsFile /%C\n`);
    const [, hash] = /^userknownhostsfile \/(\S+)$/m.exec(
      execFileSync("ssh", ["-G", "-F", file, "xen1"], { encoding: "utf8" }),
    ) as RegExpExecArray;
    expect((await resolve(`${config} IdentityFile /%C`)).target.identityFiles[0]?.path).toBe(`/${hash}`);
  });
});
