import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { STANDARD_PROGRAMS } from "./commands/standard";
import { Faults } from "./faults";
import { Errno } from "./kernel/errno";
import { FileTree } from "./kernel/file-tree";
import { Kernel, type KernelData } from "./kernel/kernel";
import { type MountData, procfs } from "./kernel/procfs";
import { type FixedFiles, type GuestPort, sysfs, type VirtualNetwork } from "./kernel/sysfs";
import type { Libvirt, LibvirtData } from "./libvirt/libvirt";
import type { Selinux, SelinuxData } from "./libvirt/selinux";
import type { XapiData } from "./xapi/database";
import { Xapi } from "./xapi/xapi";
import type { Xen, XenData } from "./xen/xen";

/** One login on a simulated host. */
export interface Session {
  readonly user: string;
  readonly uid: number;
  readonly pid: number;
  /** Whether sudo lets the user in without a password. */
  readonly sudo: boolean;
  /** Files that `exec N> file` opened. */
  readonly descriptors: Map<number, string>;
  /** umask(2), which counts for the folders that it makes. */
  umask: number;
  /** How its last command in the background ended, for `wait`. */
  backgroundStatus: number;
  /** How many programs with a time limit are running; what hangs below one is killed at once. */
  limits: number;
  readonly cutConnection: () => void;
  /** What a script has whose standard input is still open. */
  readonly conversation: Conversation | undefined;
  /** Where systemd has its processes, as /proc/self/cgroup tells; undefined on hosts without logind. */
  cgroup: string | undefined;
  /** Whether its processes are in a session of their own, which no terminal of another ends: setsid(2). */
  readonly ownSession: boolean;
  /** SIGKILL to all of its processes. */
  readonly kill: () => void;
  readonly killed: AbortSignal;
}

/** What a process reads from /proc/self/cgroup, which is another text for each: cgroups(7). Undefined for other files. */
export function ownCgroup({ cgroup }: Session, path: string): string | undefined {
  return path === "/proc/self/cgroup" && cgroup !== undefined ? `0::${cgroup}\n` : undefined;
}

/** The two sides of a script whose standard input is still open. */
export interface Conversation {
  /** What comes after the script, once standard input has ended. */
  readonly restOfInput: Promise<string>;
  /** Sends standard output while the script runs on. */
  readonly print: (stdout: string) => void;
}

/** One run of a program on a simulated host. All text is bytes as Latin-1 characters. */
export interface CommandCall {
  /** The name that it was called by. */
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly env: ReadonlyMap<string, string>;
  readonly machine: Machine;
  readonly session: Session;
  /** The same file as an absolute path. */
  path(file: string): string;
  /** Runs another program. */
  run(words: readonly string[], stdin?: string): Promise<CommandOutput>;
  runAsRoot(words: readonly string[], stdin?: string): Promise<CommandOutput>;
  /** Runs a shell script in a process of its own. */
  runScript(script: string, args: readonly string[], stdin?: string): Promise<CommandOutput>;
  /** The same program as just-bash has it, where we only add to it. */
  builtin(args: readonly string[]): Promise<CommandOutput>;
}

/** What a program leaves. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * A program of the simulated host. A thrown Errno ends it with the error's text, as a program without a message of its
 * own.
 */
export type Command = (call: CommandCall) => CommandOutput | Promise<CommandOutput>;

/** Programs by their names. */
export type Commands = Readonly<Record<string, Command>>;

interface NetworkData extends VirtualNetwork {
  /** The host's own side of an SSH connection, and where the client seems to be. */
  readonly sshAddress: string;
  readonly sshPort: number;
  readonly clientAddress: string;
  readonly interfaces: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

/** A kind of host that was really seen: data, and the programs that are installed on it. */
export interface Profile {
  readonly name: string;
  readonly kernel: KernelData;
  readonly xen?: XenData;
  readonly libvirt?: LibvirtData;
  readonly selinux?: SelinuxData;
  readonly xapi?: XapiData;
  /** The hypervisor's file in /boot. */
  readonly xenImage?: string;
  readonly network: NetworkData;
  /** What is on the disk before the host's first boot: path -> text. */
  readonly files: Readonly<Record<string, string>>;
  readonly folders: readonly string[];
  readonly links: Readonly<Record<string, string>>;
  readonly mounts: readonly MountData[];
  /** Whether each login gets a scope of its own (systemd-logind). */
  readonly logind?: boolean;
  /** Lines of /proc/swaps. */
  readonly swaps: readonly string[];
  /** Files of /sys outside the PCI bus. */
  readonly sysfs: FixedFiles;
  readonly commands: Commands;
  /** Programs of `commands` that are in /usr/sbin; the others are in /usr/bin. */
  readonly systemPrograms: readonly string[];
  /** Folders of programs of `commands` that are elsewhere: name -> `/opt/xensource/libexec`. */
  readonly programFolders?: Readonly<Record<string, string>>;
  /** Lines of programs that are scripts, where others look into them. */
  readonly programSources?: Readonly<Record<string, string>>;
  /** What the installer of the host does once: the first initramfs, grub.cfg. */
  install(machine: Machine): void;
  /** From power on until one can log in. */
  boot(machine: Machine): void | Promise<void>;
}

/** The name under which the shell runs a program that is not in /usr/bin. */
export function systemProgram(name: string): string {
  return `__sbin-${name}`;
}

/** A simulated host without its network: files, kernel, hypervisor, and the programs that are installed. */
export class Machine {
  readonly files: FileTree;
  readonly commands: Commands;
  readonly faults = new Faults();
  /** flock(2): file -> process that holds it. */
  readonly locks = new Map<string, number>();
  readonly sessions = new Set<Session>();
  /** What was run since the start, programs of the host alone: `virsh list --all`. */
  readonly commandLines: string[] = [];
  /** How many seconds the clock is ahead of that of this process: `date -s` sets it. */
  clockAhead = 0;
  /** What is mounted now, in the order of mounting. */
  mounts: readonly MountData[];
  kernel: Kernel;
  xen: Xen | undefined;
  /** Ends when the last boot has. */
  booted: Promise<void>;
  libvirt: Libvirt | undefined;
  selinux: Selinux | undefined;
  /** The pool's database outlives reboots. */
  readonly xapi: Xapi | undefined;
  /** Called by the programs that reboot. */
  onReboot: () => void = () => {};
  private power = endOfAll();
  private lastPid = 700;
  /** The process that started one that outlives it. */
  private readonly parents = new WeakMap<Session, number>();

  constructor(
    readonly profile: Profile,
    name: string,
  ) {
    this.commands = profile.commands;
    this.mounts = profile.mounts;
    this.kernel = new Kernel(profile.kernel, "", () => undefined);
    this.selinux = profile.selinux && {
      mode: profile.selinux.mode,
      booleans: new Map(Object.entries(profile.selinux.booleans)),
    };
    const kernel = () => this.kernel;
    this.files = new FileTree({
      "/sys": sysfs(
        kernel,
        profile.sysfs,
        profile.network,
        () => this.guestPorts,
        profile.logind ? (pid) => this.moveToRootCgroup(pid) : undefined,
      ),
      "/proc": procfs(
        kernel,
        () => this.mounts,
        profile.swaps,
        () => this.libvirt?.processes ?? [],
        profile.kernel.oldSysfs,
      ),
    });
    for (const folder of profile.folders) this.files.plantFolder(folder);
    for (const [path, text] of Object.entries(profile.files)) this.files.plant(path, text);
    for (const [path, target] of Object.entries(profile.links)) this.files.symlink(target, path);
    this.files.plant("/etc/hostname", `${name}\n`);
    this.files.plant("/etc/machine-id", `${createHash("md5").update(name).digest("hex")}\n`, 0o444);
    for (const name of [...Object.keys(profile.commands), ...STANDARD_PROGRAMS]) this.installProgram(name);
    this.xapi = profile.xapi && new Xapi(profile.xapi, this);
    profile.install(this);
    this.files.syncAll();
    this.files.onWrite = (path, when) => this.faults.checkWrite(path, when);
    this.booted = Promise.resolve(profile.boot(this));
  }

  private get guestPorts(): readonly GuestPort[] {
    return [...(this.xen?.domains.values() ?? [])].flatMap(({ id, config }) =>
      config.bridges.map((bridge, index) => ({ name: `vif${id}.${index}`, bridge })),
    );
  }

  /** Throws ESRCH. */
  private moveToRootCgroup(pid: number): void {
    const session = [...this.sessions].find((other) => other.pid === pid);
    if (!session) throw new Errno("ESRCH");
    session.cgroup = "/";
  }

  /** Whether a program is still where it was installed. */
  isInstalled(name: string): boolean {
    return this.files.exists(this.programPath(name));
  }

  private installProgram(name: string): void {
    // What is elsewhere is a script for the shell: just-bash looks for its programs in /usr/bin alone.
    const elsewhere = !this.programPath(name).startsWith("/usr/bin/");
    const source = this.profile.programSources?.[name] ?? "";
    this.files.plant(this.programPath(name), elsewhere ? `${source}${systemProgram(name)} "$@"\n` : source, 0o755);
  }

  private programPath(name: string): string {
    const { systemPrograms, programFolders } = this.profile;
    return `${programFolders?.[name] ?? `/usr/${systemPrograms.includes(name) ? "sbin" : "bin"}`}/${name}`;
  }

  /** Ends when the machine goes down: a script that runs then runs no further. */
  get powerOff(): AbortSignal {
    return this.power.signal;
  }

  /** Down and up again: what is in memory alone is gone. Ends when one can log in. */
  reboot(): Promise<void> {
    this.files.syncAll();
    return this.boot();
  }

  /** The power fails and comes back: what was not synced is gone too. Ends when one can log in. */
  losePower(): Promise<void> {
    this.files.forgetUnsynced();
    return this.boot();
  }

  private boot(): Promise<void> {
    this.power.abort();
    this.power = endOfAll();
    this.locks.clear();
    this.mounts = this.profile.mounts;
    this.files.forget("/run", this.profile.folders);
    this.booted = Promise.resolve(this.profile.boot(this));
    return this.booted;
  }

  login(
    login: Pick<Session, "user" | "uid" | "sudo" | "cutConnection">,
    conversation: Conversation | undefined = undefined,
    ownSession = false,
  ): Session {
    this.lastPid += 13;
    const life = endOfAll();
    const session = {
      ...login,
      conversation,
      pid: this.lastPid,
      descriptors: new Map<number, string>(),
      umask: 0o022,
      backgroundStatus: 0,
      limits: 0,
      cgroup: this.profile.logind ? `/user.slice/user-${login.uid}.slice/session-${this.lastPid}.scope` : undefined,
      ownSession,
      kill: () => life.abort(),
      killed: life.signal,
    };
    this.sessions.add(session);
    return session;
  }

  /** A process that outlives this session, with the files that it has open; `ownSession`: started by setsid. */
  fork({ user, uid, sudo, pid, descriptors, cgroup }: Session, ownSession: boolean): Session {
    const child = this.login({ user, uid, sudo, cutConnection: () => {} }, undefined, ownSession);
    child.cgroup = cgroup;
    for (const [number, file] of descriptors) child.descriptors.set(number, file);
    this.parents.set(child, pid);
    return child;
  }

  /** A lock is free once nobody has its file open any more: flock(2). */
  logout(session: Session): void {
    this.sessions.delete(session);
    for (const [file, holder] of this.locks) {
      if (holder !== session.pid) continue;
      const heir = [...this.sessions].find((other) => this.parents.get(other) === session.pid);
      if (heir) this.locks.set(file, heir.pid);
      else this.locks.delete(file);
    }
  }
}

/** What ends everything that listens to it: each shell does, also one that a shell starts. */
function endOfAll(): AbortController {
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  return end;
}
