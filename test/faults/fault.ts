import { SHELL_BUILTINS } from "../../simulator/commands/standard";
import { type Moment, ScriptKilled } from "../../simulator/faults";
import { Errno, type ErrnoCode } from "../../simulator/kernel/errno";
import { FACTS_PROGRAM } from "./known-facts";
import type { MachineHost } from "./machine-host";

/** What goes wrong at one moment of an apply. */
export const FAULTS = [
  "fails",
  "cut",
  "killed",
  "full-moment",
  "full",
  "io-error",
  "read-only",
  "power",
  "down",
] as const;
export type FaultName = (typeof FAULTS)[number];

/** What starts no process, so that it cannot fail by itself. */
const IN_THE_SHELL = ["echo", "printf", "true", "false", "pwd", FACTS_PROGRAM, ...SHELL_BUILTINS];

/** Tells of the moments of one run at which faults are tried. */
export class Points {
  private readonly slept = new Set<string>();

  /** Whether they are at this moment. How often a script sleeps until something has come about differs from run to run. */
  has(moment: Moment): boolean {
    if (moment.kind !== "command") return true;
    const [name = ""] = moment.line.split(" ");
    if (name !== "sleep") return !IN_THE_SHELL.includes(name);
    const isFirst = !this.slept.has(moment.line);
    this.slept.add(moment.line);
    return isFirst;
  }
}

/** For people: `cat /etc/fstab`, `write /etc/fstab`. */
export function describeMoment(moment: Moment): string {
  const text = moment.kind === "command" ? moment.line : `${moment.kind} ${moment.path}`;
  return text.length > 100 ? `${text.slice(0, 100)}…` : (text.split("\n")[0] ?? "");
}

/** What can go wrong at a moment on this host. */
export function faultsAt(moment: Moment, { machine }: MachineHost): readonly FaultName[] {
  if (moment.kind === "command") return ["fails", "cut", "killed", "power", "down"];
  const { path } = moment;
  const stops = ["killed", "power"] as const;
  if (/^\/(sys|proc)\//.test(path)) return moment.kind === "write" ? ["io-error", ...stops] : [];
  const created = !machine.files.exists(path, { followLast: false });
  if (moment.kind === "open")
    return [...stops, ...(created ? (["full"] as const) : []), ...(isOnDisk(path) ? (["read-only"] as const) : [])];
  return ["full-moment", "full", ...(isOnDisk(path) ? (["io-error"] as const) : []), ...stops];
}

/** /run is a file system in memory. */
function isOnDisk(path: string): boolean {
  return !path.startsWith("/run/");
}

/** Makes something go wrong at the moment with this number, counted from now on over the moments that are points. */
export class Mishap {
  /** Where it happened; undefined when the script did not get there. */
  moment: Moment | undefined;
  private left: number;
  private readonly points = new Points();

  constructor(
    private readonly host: MachineHost,
    private readonly fault: FaultName,
    point: number,
  ) {
    this.left = point;
    host.machine.faults.watch = (moment) => this.meet(moment);
  }

  private meet(moment: Moment) {
    if (this.moment) return this.stays(moment);
    if (!this.points.has(moment) || this.left-- > 0) return undefined;
    this.moment = moment;
    switch (this.fault) {
      case "fails": {
        const [name = ""] = moment.kind === "command" ? moment.line.split(" ") : [];
        // 1 is an answer of grep: no line.
        return { stdout: "", stderr: `${name}: Cannot allocate memory\n`, exitCode: name === "grep" ? 2 : 1 };
      }
      case "cut":
        for (const session of this.host.machine.sessions) session.cutConnection();
        return undefined;
      case "killed":
        throw new ScriptKilled();
      case "power":
        void this.host.losePower();
        throw new ScriptKilled();
      case "down":
        void this.host.reboot();
        throw new ScriptKilled();
      case "full-moment":
        throw refused("ENOSPC", moment);
      case "io-error":
        throw refused("EIO", moment);
      case "full":
      case "read-only":
        return this.stays(moment);
    }
  }

  /** A disk that is full or read-only is so until somebody mends it. */
  private stays(moment: Moment): undefined {
    if (moment.kind === "command" || this.moment === undefined || this.moment.kind === "command") return undefined;
    const { path } = moment;
    if (/^\/(sys|proc|dev)\//.test(path) || isOnDisk(path) !== isOnDisk(this.moment.path)) return undefined;
    const created = !this.host.machine.files.exists(path, { followLast: false });
    if (this.fault === "full" && (moment.kind === "write" || created)) throw refused("ENOSPC", moment);
    if (this.fault === "read-only" && moment.kind === "open") throw refused("EROFS", moment);
    return undefined;
  }
}

function refused(code: ErrnoCode, moment: Moment): Errno {
  return new Errno(code, "path" in moment ? moment.path : "");
}
