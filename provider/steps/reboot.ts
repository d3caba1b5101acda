/**
 * A reboot of the host. It has a script of its own, because the connection that would carry its result is cut by the
 * reboot.
 */
export interface Reboot {
  /** The id of the boot to end. */
  readonly bootId: string;
  /** Who asks for it, for the people whose runs it holds up: `the stack "dev" of the project "lab"`. */
  readonly askedBy: string;
  readonly by: RebootedBy;
  /** Time in seconds that the host has to come back. */
  readonly timeoutSeconds: number;
  /** How many hosts of the program may be down at once when this one goes down, itself included. */
  readonly maxParallel: number;
}

/** What reboots a host cleanly: its init system, or XenServer's toolstack. */
export type RebootedBy = "init" | "xapi";
