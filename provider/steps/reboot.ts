/** A reboot of the host. It runs in a script of its own: the connection that would bring its result goes down with the host. */
export interface Reboot {
  /** The boot that ends. */
  readonly bootId: string;
  readonly by: RebootedBy;
  /** How long the host may take to be back. */
  readonly timeoutSeconds: number;
}

/** What takes a host down in order: its init, or XenServer's toolstack. */
export type RebootedBy = "init" | "xapi";
