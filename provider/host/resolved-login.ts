import { PassthroughError } from "../errors";
import { ALGORITHM_SETTING, type AlgorithmKind, type AlgorithmOffer, algorithmList } from "./algorithms";
import type { HostLogin } from "./host";
import { type JumpHost, parseProxyJump } from "./proxy-jump";
import { type ReadIncluded, readSshConfig, type SshSettings } from "./ssh-config-file";

/** Everything that decides one SSH connection; nothing is looked up later but files and names. */
export interface ResolvedHop {
  /** The address as the program or a ProxyJump gives it; messages name the host so. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey?: string | undefined;
  readonly identityFiles: readonly IdentityFile[];
  readonly passphrase?: string | undefined;
  readonly password?: string | undefined;
  /** Socket of the agent. */
  readonly agent?: string | undefined;
  /** Of the agent's keys only those of identityFiles. */
  readonly identitiesOnly: boolean;
  /** `PubkeyAcceptedAlgorithms` of the ssh config. */
  readonly acceptedKeys?: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyAlias?: string | undefined;
  readonly hostKey?: string | undefined;
  readonly algorithms: AlgorithmOffer;
  /** Whether the ssh config itself orders the host key algorithms; then known_hosts does not. */
  readonly hostKeyOrderGiven: boolean;
  readonly connectTimeoutMs?: number | undefined;
}

export interface IdentityFile {
  readonly path: string;
  /** A missing `declared` file (program, environment) is an error, a missing `configured` one is told of, a `default` one is not. */
  readonly source: "declared" | "configured" | "default";
}

export interface ResolvedLogin {
  readonly target: ResolvedHop;
  /** Hosts to go through, the first one first. */
  readonly jumps: readonly ResolvedHop[];
  readonly sudo: boolean;
}

/** What the resolver knows of the machine that it runs on. */
export interface LoginSurroundings {
  readonly configText: string;
  readonly included: ReadIncluded;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  readonly localUser: string;
}

// OpenSSH's order (OpenSSH 9.9, readconf.c, fill_default_options), without the security-key types, which ssh2 cannot use.
const DEFAULT_IDENTITIES = ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"];
const MAX_JUMPS = 8;

/**
 * Decides how to log in. The environment wins over the program, the program over `~/.ssh/config`, and that over ssh's own
 * defaults (user: the local user's name; port 22; keys of `~/.ssh` and the agent of SSH_AUTH_SOCK).
 *
 * A jump host takes its user and port from the ProxyJump or the ssh config, is offered the program's key where the ssh
 * config names none, and never the password. The system's /etc/ssh/ssh_config is not read.
 * Throws PassthroughError where the ssh config asks for what this provider does not do (ProxyCommand, a circle of jumps).
 */
export function resolveLogin(login: HostLogin, here: LoginSurroundings): ResolvedLogin {
  const { hop: target, settings } = resolveHop(login, here, override(here.env, "USER"));
  const jumps = resolveJumps(login, target, settings, here, 0);
  return { target, jumps, sudo: login.sudo ?? false };
}

function resolveJumps(
  login: HostLogin,
  target: ResolvedHop,
  settings: SshSettings,
  here: LoginSurroundings,
  depth: number,
): readonly ResolvedHop[] {
  if (depth > MAX_JUMPS) throw new PassthroughError(`Unable to reach ${target.name}: its ProxyJump goes in a circle`);
  const jumps = jumpHosts(login.proxyJump ?? settings.first.get("proxyjump")?.join(","), target, settings);
  return jumps.flatMap((jump, index) => {
    const { privateKey, identityFile, passphrase } = login;
    const through: HostLogin = { ...jump, privateKey, passphrase };
    const resolved = resolveHop(through, here, undefined, identityFile);
    // Only the first is reached directly, so only its own ProxyJump counts (ssh -J a,b runs "ssh -J a b").
    const before = index === 0 ? resolveJumps(through, resolved.hop, resolved.settings, here, depth + 1) : [];
    return [...before, resolved.hop];
  });
}

function jumpHosts(proxyJump: string | undefined, target: ResolvedHop, settings: SshSettings): readonly JumpHost[] {
  const command = settings.first.get("proxycommand")?.join(" ");
  if (proxyJump === undefined && command !== undefined && command.toLowerCase() !== "none") {
    throw new PassthroughError(
      `Unable to reach ${target.name}: the ssh config has a ProxyCommand for it, and this provider starts no commands. ` +
        "Use ProxyJump in the ssh config, or set `proxyJump`.",
    );
  }
  // A jump host that a pattern sends through itself is reached directly, as ssh does since 8.1.
  return parseProxyJump(proxyJump ?? "none").filter(
    (jump) => jump.address !== target.name || (jump.port ?? target.port) !== target.port,
  );
}

function resolveHop(
  login: HostLogin,
  here: LoginSurroundings,
  userOverride: string | undefined,
  identityWithoutConfig?: string,
): { readonly hop: ResolvedHop; readonly settings: SshSettings } {
  const name = login.address.replace(/^\[(.*)\]$/, "$1");
  const givenUser = userOverride ?? login.user;
  const query = { address: name, user: givenUser, localUser: here.localUser };
  const settings = readSshConfig(here.configText, query, here.included);
  const setting = (key: string): string | undefined => settings.first.get(key.toLowerCase())?.[0];

  const hostName = (setting("HostName") ?? name).replaceAll("%h", name).replaceAll("%%", "%");
  const user = givenUser ?? setting("User") ?? here.localUser;
  const port = login.port ?? portNumber(setting("Port"), name) ?? 22;
  const path = pathReader({ n: name, h: hostName, p: String(port), r: user, u: here.localUser, d: here.homedir }, here);

  const identityOverride = override(here.env, "IDENTITY_FILE");
  const privateKey = identityOverride === undefined ? login.privateKey : undefined;
  const identities = (source: IdentityFile["source"], files: readonly string[]): readonly IdentityFile[] =>
    files.filter((file) => file.toLowerCase() !== "none").map((file) => ({ path: path(file), source }));
  const identityFiles = (): readonly IdentityFile[] => {
    const declared = identityOverride ?? login.identityFile;
    if (declared !== undefined) return identities("declared", [declared]);
    if (settings.identityFiles.length > 0) return identities("configured", settings.identityFiles);
    if (identityWithoutConfig !== undefined) return identities("declared", [identityWithoutConfig]);
    return privateKey === undefined ? identities("default", DEFAULT_IDENTITIES) : [];
  };

  const offer = (kind: AlgorithmKind) => algorithmList(kind, setting(ALGORITHM_SETTING[kind]));
  const timeout = Number(setting("ConnectTimeout"));
  const hop: ResolvedHop = {
    name,
    hostName,
    port,
    user,
    privateKey,
    identityFiles: identityFiles(),
    passphrase: login.passphrase,
    password: login.password,
    agent: agentSocket(setting("IdentityAgent"), here.env, path),
    identitiesOnly: setting("IdentitiesOnly")?.toLowerCase() === "yes",
    acceptedKeys: setting("PubkeyAcceptedAlgorithms") ?? setting("PubkeyAcceptedKeyTypes"),
    knownHostsFiles: knownHostsFiles(settings, override(here.env, "KNOWN_HOSTS"), path),
    hostKeyAlias: setting("HostKeyAlias"),
    hostKey: login.hostKey,
    algorithms: { kex: offer("kex"), hostKey: offer("hostKey"), cipher: offer("cipher"), mac: offer("mac") },
    hostKeyOrderGiven: /^[^+-]/.test(setting("HostKeyAlgorithms") ?? ""),
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : undefined,
  };
  return { hop, settings };
}

/** How teammates and CI override the program; a variable that is set to nothing overrides nothing. */
function override(env: LoginSurroundings["env"], name: "USER" | "IDENTITY_FILE" | "KNOWN_HOSTS"): string | undefined {
  return env[`PCI_PASSTHROUGH_${name}`] || undefined;
}

function portNumber(text: string | undefined, host: string): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new PassthroughError(`Unable to reach ${host}: the ssh config gives the port "${text}", which is no port`);
}

function agentSocket(
  setting: string | undefined,
  env: LoginSurroundings["env"],
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

/** Expands `~`, `${VARIABLE}` and the tokens of ssh_config(5), TOKENS. */
function pathReader(tokens: Readonly<Record<string, string>>, here: LoginSurroundings): (text: string) => string {
  return (text) =>
    text
      .replace(/^~(?=\/|$)/, () => here.homedir)
      .replace(/\$\{(\w+)\}/g, (_, variable: string) => here.env[variable] ?? "")
      .replace(/%(.)/g, (all, token: string) => (token === "%" ? "%" : (tokens[token] ?? all)));
}
