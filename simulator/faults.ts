import { Errno, type ErrnoCode } from "./kernel/errno";

/**
 * Something that a script does on a simulated host: it begins a command, opens a file to write to it, or writes to it.
 */
export type Moment =
  | { readonly kind: "command"; readonly line: string }
  | { readonly kind: "open" | "write"; readonly path: string };

/** How a command ends that a fault ends. */
interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** SIGKILL: the script and its children do nothing any more. Thrown by `Faults.watch`. */
export class ScriptKilled extends Error {
  override readonly name = "ScriptKilled";
}

/** Something that goes wrong on a simulated host; `times` is how often, without it always. */
export type Fault = { readonly times?: number } & (
  | {
      /** The beginning of a command: `xl pci-assignable-add`. It does nothing but fail. */
      readonly command: string;
      readonly stderr?: string;
      readonly stdout?: string;
      readonly exitCode?: number;
    }
  /** The beginning of a command that never ends by itself, as `xl list` does while xenstored is silent. */
  | { readonly hang: string }
  /** The beginning of a command at which the script is killed, with all of its children. */
  | { readonly kill: string }
  /** The beginning of a command that takes so many milliseconds longer than it would. */
  | { readonly delay: string; readonly ms: number }
  /** A file that refuses what is written to it, such as one of /sys. */
  | { readonly write: string; readonly error: ErrnoCode }
  /**
   * A folder under which nothing can be written: EROFS and EACCES when a file is opened, anything else when it is
   * written.
   */
  | { readonly writesUnder: string; readonly error: ErrnoCode }
  /** The connection ends when the command begins; the script goes on. */
  | { readonly cutConnectionDuring: string }
  /** The connection ends after so many bytes of a script's standard output. */
  | { readonly cutConnectionAfter: number }
);

/** What goes wrong on one host. */
export class Faults {
  /**
   * Called at every moment of a script, before anything of it happens. What it returns, a command ends with at once; it
   * throws Errno where a file is to refuse the write, and ScriptKilled to end the script there.
   */
  watch: ((moment: Moment) => Ended | undefined) | undefined;
  private readonly active: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.active.length = 0;
  }

  /** The first words of commands that a fault names, so that the shell asks before it runs them. */
  get commands(): readonly string[] {
    return this.active.flatMap(({ fault }) =>
      "command" in fault
        ? [firstWord(fault.command)]
        : "hang" in fault
          ? [firstWord(fault.hang)]
          : "cutConnectionDuring" in fault
            ? [firstWord(fault.cutConnectionDuring)]
            : "kill" in fault
              ? [firstWord(fault.kill)]
              : "delay" in fault
                ? [firstWord(fault.delay)]
                : [],
    );
  }

  failureOf(command: string): Ended | undefined {
    const ended = this.watch?.({ kind: "command", line: command });
    if (ended) return ended;
    if (this.take((candidate) => "kill" in candidate && begins(command, candidate.kill))) throw new ScriptKilled();
    const fault = this.take((candidate) => "command" in candidate && begins(command, candidate.command));
    if (!fault || !("command" in fault)) return undefined;
    return { stdout: fault.stdout ?? "", stderr: fault.stderr ?? "", exitCode: fault.exitCode ?? 1 };
  }

  hangs(command: string): boolean {
    return this.take((candidate) => "hang" in candidate && begins(command, candidate.hang)) !== undefined;
  }

  cutsDuring(command: string): boolean {
    return (
      this.take((candidate) => "cutConnectionDuring" in candidate && begins(command, candidate.cutConnectionDuring)) !==
      undefined
    );
  }

  /** How many milliseconds longer than usual the command takes. */
  delayOf(command: string): number {
    const fault = this.take((fault) => "delay" in fault && begins(command, fault.delay));
    return fault && "delay" in fault ? fault.ms : 0;
  }

  /** After how many bytes of this output the connection ends. */
  cutsAfter(bytes: number): number | undefined {
    const fault = this.take((candidate) => "cutConnectionAfter" in candidate && candidate.cutConnectionAfter < bytes);
    return fault && "cutConnectionAfter" in fault ? fault.cutConnectionAfter : undefined;
  }

  /** Throws the Errno of a fault that concerns this file. */
  checkWrite(path: string, when: "open" | "write"): void {
    this.watch?.({ kind: when, path });
    const fault = this.take((candidate) => {
      if ("write" in candidate) return when === "write" && candidate.write === path;
      if (!("writesUnder" in candidate)) return false;
      const refusedAt = candidate.error === "EROFS" || candidate.error === "EACCES" ? "open" : "write";
      return when === refusedAt && (path === candidate.writesUnder || path.startsWith(`${candidate.writesUnder}/`));
    });
    if (fault && "error" in fault) throw new Errno(fault.error, path);
  }

  private take(concerns: (fault: Fault) => boolean): Fault | undefined {
    const found = this.active.find((candidate) => candidate.left > 0 && concerns(candidate.fault));
    if (found) found.left--;
    return found?.fault;
  }
}

function begins(command: string, start: string): boolean {
  return command === start || command.startsWith(`${start} `);
}

function firstWord(text: string): string {
  return text.split(" ")[0] ?? "";
}
