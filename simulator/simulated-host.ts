import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "./faults";
import { loadJustBash } from "./just-bash";
import { makeKeyPair } from "./key-pair";
import { type CommandOutput, type Conversation, Machine, type Profile } from "./machine";
import { findProfile } from "./profiles/profiles";
import { type Exec, type ExecEnd, hostKeyFingerprint, SshServer } from "./server";
import { runShell } from "./shell";

/** What a simulated host is to be. */
export interface SimulatedHostOptions {
  /** How messages name the host; also its hostname and what its machine id is made from. */
  readonly name: string;
  /** The kind of host: `debian-xl`. */
  readonly profile: string;
  /** Added to the answer to every command, in milliseconds. */
  readonly latencyMs?: number;
  readonly failAt?: readonly Fault[];
  /** Lets this password in, beside the key. */
  readonly password?: string;
  /** Logs in as this user, who has sudo without a password, instead of root. */
  readonly requireSudoUser?: string;
  /** How long the host is away when it reboots, in milliseconds. Default: 100. */
  readonly rebootMs?: number;
}

/** A host on the loopback interface that behaves as one of its kind does. */
export interface SimulatedHost {
  readonly name: string;
  readonly address: "127.0.0.1";
  readonly port: number;
  readonly user: string;
  /** A private key file that lets one in; removed by `stop`. */
  readonly identityFile: string;
  /** `SHA256:…` */
  readonly hostKey: string;
  readonly stats: HostStats;
  /** Runs a command as root, past SSH and past the count of `stats`. */
  exec(command: string): Promise<CommandOutput>;
  /** A file's bytes as Latin-1 characters. Throws Errno. */
  readFile(path: string): string;
  /** Writes a file as an administrator would, folders included; files of /sys and /proc as the kernel takes them. */
  writeFile(path: string, text: string): void;
  failAt(fault: Fault): void;
  /** Takes all faults away. */
  heal(): void;
  /** Down and up again; ends when one can log in. */
  reboot(): Promise<void>;
  /** The power fails and comes back: what was not synced is gone. Ends when one can log in. */
  losePower(): Promise<void>;
  stop(): Promise<void>;
}

/** What was done with a simulated host so far, for tests that count round trips. */
export interface HostStats {
  /** SSH connections since the start. */
  readonly connections: number;
  /** Commands that were run over them. */
  readonly scripts: number;
  readonly reboots: number;
  /** The programs that were run on it since the start, with their arguments. */
  readonly commandLines: readonly string[];
}

/** Starts a simulated host. Throws when the profile is unknown or just-bash is not installed. */
export async function startSimulatedHost({ profile, ...options }: SimulatedHostOptions): Promise<SimulatedHost> {
  return startHostOf(findProfile(profile), options);
}

/** The same for a kind of host that has no name, such as one with more devices. */
export async function startHostOf(
  profile: Profile,
  options: Omit<SimulatedHostOptions, "profile">,
): Promise<SimulatedHost> {
  loadJustBash();
  const machine = new Machine(profile, options.name);
  for (const fault of options.failAt ?? []) machine.faults.add(fault);
  await machine.booted;
  const user = options.requireSudoUser ?? "root";
  const keys = makeKeyPair();
  const hostKey = makeKeyPair().private;
  const server = new SshServer({
    login: { user, publicKey: keys.public, password: options.password },
    hostKey,
    latencyMs: options.latencyMs ?? 0,
    run: (exec) => runCommand(machine, user, exec),
  });
  await server.start();

  const folder = mkdtempSync(join(tmpdir(), "simulated-host-"));
  const identityFile = join(folder, "id_ed25519");
  writeFileSync(identityFile, keys.private);
  chmodSync(identityFile, 0o600);

  let reboots = 0;
  let rebooting: Promise<void> | undefined;
  let stopped = false;
  const goDown = (how: () => Promise<void>) => {
    rebooting ??= (async () => {
      reboots++;
      await server.stop();
      await how();
      await new Promise((resolve) => setTimeout(resolve, options.rebootMs ?? 100));
      if (!stopped) await server.start();
      rebooting = undefined;
    })();
    return rebooting;
  };
  const reboot = () => goDown(() => machine.reboot());
  // systemd answers first and goes down then.
  machine.onReboot = () => void setTimeout(reboot, 20);

  return {
    name: options.name,
    address: "127.0.0.1",
    port: server.port,
    user,
    identityFile,
    hostKey: hostKeyFingerprint(hostKey),
    get stats() {
      const { connections, commands } = server.stats;
      return { connections, scripts: commands, reboots, commandLines: machine.commandLines };
    },
    exec: (command) =>
      runAs(
        machine,
        { user: "root", uid: 0, sudo: true, cutConnection: () => {} },
        { command, stdin: "", clientPort: 0 },
      ),
    readFile: (path) => machine.files.read(path),
    writeFile: (path, text) => {
      if (/^\/(sys|proc)\//.test(path)) machine.files.write(path, text);
      else machine.files.plant(machine.files.exists(path) ? machine.files.resolve(path) : path, text);
    },
    failAt: (fault) => machine.faults.add(fault),
    heal: () => machine.faults.clear(),
    reboot,
    losePower: () => goDown(() => machine.losePower()),
    stop: async () => {
      stopped = true;
      await rebooting;
      await machine.reboot();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function runCommand(machine: Machine, user: string, exec: Exec): Promise<ExecEnd> {
  const uid = user === "root" ? 0 : 1000;
  let printed = 0;
  const print = (stdout: string) => {
    const cutAfter = machine.faults.cutsAfter(printed + stdout.length);
    if (cutAfter === undefined) exec.print(stdout);
    else exec.printLast(stdout.slice(0, Math.max(0, cutAfter - printed)));
    printed += stdout.length;
  };
  const { restOfInput } = exec;
  const login = { user, uid, sudo: true, cutConnection: exec.cut };
  const conversation = restOfInput && { restOfInput, print };
  const { stdout, ...end } = await runAs(machine, login, exec, conversation);
  print(stdout);
  return end;
}

/** What sshd does with a command: the user's login shell runs it. */
async function runAs(
  machine: Machine,
  login: Parameters<Machine["login"]>[0],
  { command, stdin, clientPort }: Pick<Exec, "command" | "stdin" | "clientPort">,
  conversation?: Conversation,
): Promise<CommandOutput> {
  const { network } = machine.profile;
  const session = machine.login(login, conversation);
  const env = new Map([
    ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ["HOME", login.uid === 0 ? "/root" : `/home/${login.user}`],
    ["USER", login.user],
    ["SHELL", "/bin/bash"],
    ["SSH_CONNECTION", `${network.clientAddress} ${clientPort} ${network.sshAddress} ${network.sshPort}`],
  ]);
  try {
    return await runShell({ machine, session, script: command, stdin, env, cwd: "/", name: "bash" });
  } finally {
    machine.logout(session);
  }
}
