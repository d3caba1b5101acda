/** Something that must be right on a host before its devices can be given to VMs. */
export interface HostCheck {
  /** What was looked at, in one or two words: `boot loader`. */
  readonly check: string;
  /** `waits`: right, once a reboot or another run has come. */
  readonly verdict: "ok" | "waits" | "wrong";
  /** What was found. */
  readonly found: string;
  /** What to do about it; nothing where `found` says so already, or nothing is to be done. */
  readonly remedy?: string;
}
