import type { Connect } from "../../provider/resources/connect";
import { TRIAL_FOLDER } from "../../provider/script/trial-folder";
import type { Session } from "../../simulator/machine";
import type { MachineHost } from "./machine-host";
import { deployment, type Scene, type Story, TAKEN_BACK, unanswered } from "./scene";

/** What happens to a host while a change waits for its confirmation. */
interface Trap {
  /** Does it, and confirms the change if it is to be confirmed; nobody gets through otherwise. */
  readonly spring: (waiting: Waiting) => Promise<"confirm" | undefined>;
  /** What the run says then; nothing when it succeeds. */
  readonly says: RegExp;
  readonly needsSetsid?: boolean;
}

/** A host that waits for a confirmation. */
interface Waiting {
  readonly host: MachineHost;
  readonly story: Story;
  /** The folder of the trial. */
  readonly folder: string;
  /** The run ends here, and its provider never does anything again. */
  readonly killProvider: () => void;
  /** Something that goes on after the run, and has to succeed. */
  readonly goesOn: (work: Promise<unknown>) => void;
}

const UNKNOWN = /it is not known how far this got: the host went down, or the script was killed/;
const NOTHING = /^$/;
/** The run may also say that its login took long. */
const EITHER = /it took the change back by itself after 10 s|^$/;

const trap = (says: RegExp, spring: (waiting: Waiting) => unknown, more: Partial<Trap> = {}): Trap => ({
  says,
  spring: async (waiting) => ((await spring(waiting)) === "confirm" ? "confirm" : undefined),
  ...more,
});

/** Of a change that is on trial, by what happens meanwhile. */
const TRAPS = {
  "second-apply": trap(TAKEN_BACK, ({ host, story: { declaration }, goesOn }) => {
    const run = deployment(host);
    goesOn(run.create(declaration.kind, declaration.given).then((deployed) => run.delete(deployed)));
  }),
  "provider-killed": trap(NOTHING, ({ killProvider }) => killProvider()),
  "script-killed": trap(TAKEN_BACK, (waiting) => scriptOf(waiting)?.kill()),
  "watcher-killed": trap(TAKEN_BACK, (waiting) => watcherOf(waiting)?.kill()),
  // logind.conf(5), KillUserProcesses: all processes in the scope of a login that has ended.
  "session-ends": trap(TAKEN_BACK, ({ host }) =>
    killAll(host, ({ cgroup }) => /\/session-\d+\.scope$/.test(cgroup ?? "")),
  ),
  // sudo(8), use_pty: all processes in the session of its terminal.
  "terminal-ends": trap(TAKEN_BACK, ({ host }) => killAll(host, ({ ownSession }) => !ownSession), {
    needsSetsid: true,
  }),
  "clock-forward": trap(TAKEN_BACK, ({ host }) => setClock(host, 86_400)),
  "clock-back": trap(TAKEN_BACK, ({ host }) => setClock(host, -86_400)),
  "disk-full": trap(/./, ({ host }) => {
    for (const writesUnder of ["/run", "/var", "/etc"]) host.machine.faults.add({ writesUnder, error: "ENOSPC" });
  }),
  "host-reboots": trap(UNKNOWN, ({ host }) => void host.reboot()),
  "host-loses-power": trap(UNKNOWN, ({ host }) => void host.losePower()),
  "undo-fails": trap(
    /it took the change back by itself after 10 s, but not all of it \([\s\S]*\): check the host/,
    ({ host }) => {
      host.machine.faults.add({ command: "xl pci-assignable-remove", stderr: "libxl: error: it is busy\n" });
      // libvirt 9.0, tools/virsh-nodedev.c, cmdNodeDeviceReAttach; then a driver that does not start on its device.
      const reattach = "virsh -c qemu:///system nodedev-reattach";
      host.machine.faults.add({ command: reattach, stderr: "error: Failed to re-attach device\n" });
      host.machine.faults.add({ write: "/sys/bus/pci/drivers/nvme/bind", error: "EIO" });
    },
  ),
  /** The watcher is about to decide; the confirmation is there before. */
  "confirmed-at-expiry": trap(NOTHING, async ({ host: { machine }, folder }) => {
    const expiry = `mv -f ${folder}/open ${folder}/expired`;
    machine.faults.add({ delay: expiry, ms: 3000 });
    while (!machine.commandLines.includes(expiry)) await new Promise((resolve) => setTimeout(resolve, 20));
    return "confirm";
  }),
  /** The confirmation is about to decide, and is held up until the time is over. */
  "expired-at-confirmation": trap(EITHER, ({ host: { machine }, folder }) => {
    machine.faults.add({ delay: `mv -f ${folder}/open ${folder}/confirmed`, ms: 12_000 });
    return "confirm";
  }),
} satisfies Record<string, Trap>;

export type TrapName = keyof typeof TRAPS;

/** All of them: docs/safety.md tells of each. */
export const TRAP_NAMES = Object.keys(TRAPS) as readonly TrapName[];

/** The traps that a host can run into. */
export function trapsOn({ machine }: MachineHost): readonly TrapName[] {
  return TRAP_NAMES.filter((name) => !(TRAPS[name] as Trap).needsSetsid || machine.isInstalled("setsid"));
}

/** Whether something that goes wrong is a trap. */
export function isTrap(name: string): name is TrapName {
  return name in TRAPS;
}

/** One trap on the way of a run. */
export class SetTrap {
  private isSprung = false;
  private readonly trap: Trap;
  private readonly goingOn: Promise<unknown>[] = [];
  private killProvider = () => {};
  private readonly killed = new Promise<undefined>((resolve) => {
    this.killProvider = () => resolve(undefined);
  });
  private isDead = false;

  constructor(
    name: TrapName,
    private readonly story: Story,
    private readonly host: Scene["host"],
  ) {
    this.trap = TRAPS[name];
  }

  /** How the run gets to its host. */
  readonly connect: Connect = async (purpose) => {
    if (this.isDead) return new Promise(() => {});
    if (purpose !== "confirmation") return this.host.connect();
    if (this.isSprung) throw unanswered();
    this.isSprung = true;
    const answer = await this.trap.spring({
      host: this.host,
      story: this.story,
      folder: `${TRIAL_FOLDER}/${this.host.machine.files.list(TRIAL_FOLDER)[0]}`,
      killProvider: () => {
        this.isDead = true;
        for (const { cutConnection } of this.host.machine.sessions) cutConnection();
        this.killProvider();
      },
      goesOn: (work) => this.goingOn.push(work.catch((error: Error) => error)),
    });
    if (answer !== "confirm") throw unanswered();
    return this.host.connectOnce();
  };

  /** The run, until its provider is killed. */
  whileAlive<T>(run: Promise<T>): Promise<T | undefined> {
    return Promise.race([run, this.killed]);
  }

  /** What did not come about as it has to, one line each; and nothing goes wrong any more. */
  async problems(error: unknown): Promise<readonly string[]> {
    this.host.machine.faults.clear();
    const text = error instanceof Error ? error.message : "";
    if (!this.isSprung) return ["the host waited for no confirmation"];
    const wrong = this.trap.says.test(text) ? [] : [`the run had to say ${this.trap.says}`];
    const ends = await Promise.all(this.goingOn);
    return [...wrong, ...ends.flatMap((end) => (end instanceof Error ? [`what went on: ${end.message}`] : []))];
  }
}

function scriptOf(waiting: Waiting): Session | undefined {
  const watcher = watcherOf(waiting);
  return [...waiting.host.machine.sessions].find((session) => session !== watcher);
}

function watcherOf({ host: { machine }, folder }: Waiting): Session | undefined {
  const pid = machine.files.read(`${folder}/watcher`).trim();
  return [...machine.sessions].find((session) => String(session.pid) === pid);
}

function killAll({ machine }: MachineHost, isHit: (session: Session) => boolean): void {
  for (const session of [...machine.sessions].filter(isHit)) session.kill();
}

function setClock(host: MachineHost, ahead: number): Promise<unknown> {
  return host.exec(`date -s @${Math.floor(Date.now() / 1000) + ahead}`);
}
