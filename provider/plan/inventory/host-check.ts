/** Something that must be right on a host before its devices can be given to VMs. */
export interface HostCheck {
  /** What was looked at, in one or two words: `boot loader`. */
  readonly check: string;
  /** `waits`: right, once a reboot or another run has come. */
  readonly verdict: "ok" | "waits" | "wrong";
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** A check that went wrong, by a reason as messages give it: what it is, and after that, as a sentence of its own, what to do. */
export function wentWrong(check: string, reason: string): HostCheck {
  const [, found = reason, remedy] = /^(.*?)\.(?: |\n)(?=[A-Z"`])(.*)$/s.exec(reason) ?? [];
  return { check, verdict: "wrong", found, ...(remedy === undefined ? {} : { remedy: afterArrow(remedy) }) };
}

/** Advice stands behind an arrow, as a part of a sentence. */
function afterArrow(advice: string): string {
  return `${advice.charAt(0).toLowerCase()}${advice.slice(1).replace(/\.$/, "")}`;
}
