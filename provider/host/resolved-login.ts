import { createHash } from "node:crypto";
import { PassthroughError, unable } from "../errors";
import { ALGORITHM_SETTING, type AlgorithmKind, type AlgorithmOffer, algorithmList } from "./algorithms";
import type { HostLogin } from "./host";
import { type JumpHost, parseProxyJump } from "./proxy-jump";
import type { SshConfigQuery, SshSettings } from "./ssh-settings";

/** Everything that decides a single SSH connection; after this, only files are read and names resolved. */
export interface ResolvedHop {
  /** The address that the program or a ProxyJump gives. */
  readonly name: string;
  /** What messages call the host, where that is not its address. */
  readonly title?: string | undefined;
  /** Set for a jump host: the `name` of the host that the program declares. */
  readonly jumpHostFor?: string | undefined;
  /** What to connect to: `name`, unless the ssh config has a HostName. */
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey?: string | undefined;
  readonly identityFiles: readonly IdentityFile[];
  readonly passphrase?: string | undefined;
  readonly password?: string | undefined;
  /** Path of the ssh agent's socket. */
  readonly agent?: string | undefined;
  /** Whether only those keys of the agent are used that identityFiles name. */
  readonly identitiesOnly: boolean;
  /** `PubkeyAcceptedAlgorithms` of the ssh config. */
  readonly acceptedKeys?: string | undefined;
  /** Paths; the files need not exist. */
  readonly knownHostsFiles: readonly string[];
  /** The name to look up in known_hosts instead of hostName and port. */
  readonly hostKeyAlias?: string | undefined;
  /** `SHA256:…`; then known_hosts does not count. */
  readonly hostKey?: string | undefined;
  readonly algorithms: AlgorithmOffer;
  /** Whether the ssh config sets the order of host key algorithms; then known_hosts does not change it. */
  readonly hostKeyOrderGiven: boolean;
  readonly connectTimeoutMs?: number | undefined;
  /** What was passed over in the ssh config, for people: `Match exec`. */
  readonly notFollowed: readonly string[];
}

/** A file that may hold a key to log in with. */
export interface IdentityFile {
  readonly path: string;
  /**
   * A missing file is an error if `declared` (program, environment), mentioned if `configured` (ssh config), else
   * ignored.
   */
  readonly source: "declared" | "configured" | "default";
}

/** The way to a host. */
export interface ResolvedLogin {
  readonly target: ResolvedHop;
  /** Hosts to go through, in order. */
  readonly jumps: readonly ResolvedHop[];
  readonly sudo: boolean;
}

/** What a login depends on, besides the program, on the machine that Pulumi runs on. */
export interface LoginEnvironment {
  /** What the user's ssh configuration says; rejects with PassthroughError when it cannot be read. */
  readonly settings: (query: SshConfigQuery) => Promise<SshSettings>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  /** The home of a user of this machine; undefined for one that passwd(5) does not have. */
  readonly homeOf: (user: string) => string | undefined;
  readonly localUser: string;
  /** The user's number; undefined where users have none (Windows). */
  readonly localUid: number | undefined;
  readonly localHost: string;
}

// In OpenSSH's order (9.9, readconf.c, fill_default_options), without the security-key types, which ssh2 cannot use.
const DEFAULT_IDENTITIES = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];
const MAX_JUMPS = 8;

/**
 * Decides how to log in. The environment wins over the program, the program over `~/.ssh/config`, and that over ssh's
 * defaults (the local user's name, port 22, the keys in `~/.ssh` and the agent at SSH_AUTH_SOCK).
 *
 * A jump host takes its user and port from the ProxyJump or the ssh config, is offered the program's key where the ssh
 * config names none, and never the password. Throws PassthroughError where the ssh config asks for what this provider
 * does not do (ProxyCommand, circular jumps).
 */
export async function resolveLogin(login: HostLogin, local: LoginEnvironment): Promise<ResolvedLogin> {
  const { hop: target, settings } = await resolveHop(login, local, override(local.env, "USER"));
  const jumps = await resolveJumps(login, target, settings, local, 0);
  return {
    target,
    jumps: jumps.map((jump) => ({ ...jump, jumpHostFor: target.title ?? target.name })),
    sudo: login.sudo ?? false,
  };
}

async function resolveJumps(
  login: HostLogin,
  target: ResolvedHop,
  settings: SshSettings,
  local: LoginEnvironment,
  depth: number,
): Promise<readonly ResolvedHop[]> {
  if (depth > MAX_JUMPS)
    throw unreachable(target.name, "its ProxyJump goes in a circle. Check `proxyJump` and ProxyJump in ~/.ssh/config");
  const jumps = jumpHosts(login.proxyJump, target.name, settings);
  const ways = jumps.map(async (jump, index) => {
    const { privateKey, identityFile, passphrase } = login;
    const through: HostLogin = { ...jump, privateKey, passphrase };
    const resolved = await resolveHop(through, local, undefined, identityFile);
    // Only the first is reached directly, so only the ProxyJump of that one counts (ssh -J a,b runs "ssh -J a b").
    const before = index === 0 ? await resolveJumps(through, resolved.hop, resolved.settings, local, depth + 1) : [];
    return [...before, resolved.hop];
  });
  return (await Promise.all(ways)).flat();
}

function jumpHosts(declared: string | undefined, target: string, settings: SshSettings): readonly JumpHost[] {
  // Whichever comes first counts, "none" too (OpenSSH 9.9, readconf.c, parse_jump and oProxyCommand).
  const keyword = [...settings.first.keys()].find((key) => key === "proxyjump" || key === "proxycommand");
  const words = keyword === undefined ? [] : (settings.first.get(keyword) ?? []);
  const command = keyword === "proxycommand" ? words.join(" ") : "none";
  const proxyJump = declared ?? (keyword === "proxyjump" ? words.join(",") : "none");
  if (declared === undefined && command.toLowerCase() !== "none") {
    throw unreachable(
      target,
      "the ssh config has a ProxyCommand for it, and this provider runs no local commands. " +
        "Use ProxyJump in the ssh config, or set `proxyJump`.",
    );
  }
  return parseProxyJump(proxyJump);
}

async function resolveHop(
  login: HostLogin,
  local: LoginEnvironment,
  userOverride: string | undefined,
  identityWithoutConfig?: string,
): Promise<{ readonly hop: ResolvedHop; readonly settings: SshSettings }> {
  const name = login.address.replace(/^\[(.*)\]$/, "$1");
  const givenUser = userOverride ?? login.user;
  const query = { address: name, user: givenUser, port: login.port, localUser: local.localUser };
  const settings = await local.settings(query);
  const setting = (key: string): string | undefined => settings.first.get(key.toLowerCase())?.[0];

  const hostName = (setting("HostName") ?? name).replaceAll("%h", name).replaceAll("%%", "%");
  const user = givenUser ?? setting("User") ?? local.localUser;
  const port = login.port ?? portNumber(setting("Port"), name) ?? 22;
  // A ProxyCommand is no error for a host whose paths do not ask for its jump host.
  const jump = () => jumpHosts(login.proxyJump, name, settings).at(-1)?.address ?? "";
  const path = pathReader(
    {
      n: () => name,
      h: () => hostName,
      p: () => String(port),
      r: () => user,
      u: () => local.localUser,
      d: () => local.homedir,
      k: () => setting("HostKeyAlias") ?? name,
      i: () => String(local.localUid ?? ""),
      l: () => local.localHost,
      L: () => local.localHost.replace(/\..*/, ""),
      j: jump,
      C: () => connectionHash(local.localHost, hostName, String(port), user, jump()),
    },
    local,
  );

  const identityOverride = override(local.env, "IDENTITY_FILE");
  const privateKey = identityOverride === undefined ? login.privateKey : undefined;
  const identities = (source: IdentityFile["source"], files: readonly string[]): readonly IdentityFile[] =>
    files.filter((file) => file.toLowerCase() !== "none").map((file) => ({ path: path(file), source }));
  const identityFiles = (): readonly IdentityFile[] => {
    const declared = identityOverride ?? login.identityFile;
    if (declared !== undefined) return identities("declared", [declared]);
    if (settings.identityFiles.length > 0) return identities("configured", [...new Set(settings.identityFiles)]);
    if (identityWithoutConfig !== undefined) return identities("declared", [identityWithoutConfig]);
    return privateKey === undefined ? identities("default", DEFAULT_IDENTITIES) : [];
  };

  const offer = (kind: AlgorithmKind) => algorithmList(kind, setting(ALGORITHM_SETTING[kind]));
  const timeout = seconds(setting("ConnectTimeout") ?? "none");
  const hop: ResolvedHop = {
    name,
    title: login.name,
    hostName,
    port,
    user,
    privateKey,
    identityFiles: identityFiles(),
    passphrase: login.passphrase,
    password: login.password,
    agent: agentSocket(setting("IdentityAgent"), local.env, path),
    identitiesOnly: /^(yes|true)$/i.test(setting("IdentitiesOnly") ?? "no"),
    acceptedKeys: setting("PubkeyAcceptedAlgorithms") ?? setting("PubkeyAcceptedKeyTypes"),
    knownHostsFiles: knownHostsFiles(settings, override(local.env, "KNOWN_HOSTS"), path),
    hostKeyAlias: setting("HostKeyAlias"),
    hostKey: login.hostKey,
    algorithms: { kex: offer("kex"), hostKey: offer("hostKey"), cipher: offer("cipher"), mac: offer("mac") },
    hostKeyOrderGiven: /^[^+-]/.test(setting("HostKeyAlgorithms") ?? ""),
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : undefined,
    notFollowed: settings.notFollowed,
  };
  return { hop, settings };
}

function unreachable(host: string, reason: string): PassthroughError {
  const purpose = `reach ${host}`;
  return new PassthroughError(unable({ purpose, reason }), { purpose, host });
}

/** The environment variable by which teammates and CI override the program; an empty one overrides nothing. */
function override(env: LoginEnvironment["env"], name: "USER" | "IDENTITY_FILE" | "KNOWN_HOSTS"): string | undefined {
  return env[`PCI_PASSTHROUGH_${name}`] || undefined;
}

function portNumber(text: string | undefined, host: string): number | undefined {
  if (text === undefined) return undefined;
  // A service counts too (OpenSSH 9.2, misc.c, a2port).
  const port = text === "ssh" ? 22 : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw unreachable(host, `the ssh config sets Port to "${text}", which is not a port number (1 to 65535)`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads a time such as `90`, `30s` or `1h30m` (sshd_config(5), TIME FORMATS); 0 for a text that is none. */
function seconds(text: string): number {
  if (!/^(\d+[smhdw]?)+$/i.test(text)) return 0;
  const parts = [...text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNIT_SECONDS[unit] ?? 1), 0);
}

function agentSocket(
  setting: string | undefined,
  env: LoginEnvironment["env"],
  path: (text: string) => string,
): string | undefined {
  if (setting === undefined || setting === "SSH_AUTH_SOCK") return env.SSH_AUTH_SOCK || undefined;
  if (setting.toLowerCase() === "none") return undefined;
  return setting.startsWith("$") && !setting.startsWith("${") ? env[setting.slice(1)] : path(setting);
}

function knownHostsFiles(
  settings: SshSettings,
  override: string | undefined,
  path: (text: string) => string,
): readonly string[] {
  if (override !== undefined) return [path(override)];
  const user = settings.first.get("userknownhostsfile") ?? ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
  const global = settings.first.get("globalknownhostsfile") ?? [
    "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2",
  ];
  return [...user, ...global].filter((file) => file.toLowerCase() !== "none").map(path);
}

/** The token %C (OpenSSH 9.9, readconf.c, ssh_connection_hash; 9.2 without the jump host, as seen). */
function connectionHash(...parts: readonly string[]): string {
  return createHash("sha1").update(parts.join("")).digest("hex");
}

/** Expands `~`, `~user`, `${VARIABLE}` and the tokens of ssh_config(5), TOKENS. */
function pathReader(tokens: Readonly<Record<string, () => string>>, local: LoginEnvironment): (text: string) => string {
  return (text) =>
    text
      .replace(/^~([^/]*)/, (all, user: string) => (user === "" ? local.homedir : (local.homeOf(user) ?? all)))
      .replace(/\$\{(\w+)\}/g, (_, variable: string) => local.env[variable] ?? "")
      .replace(/%(.)/g, (all, token: string) => (token === "%" ? "%" : (tokens[token]?.() ?? all)));
}
