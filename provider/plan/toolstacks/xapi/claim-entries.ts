import type { Claim } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";

type Entry = Claim["entries"][number];

/** The path that entries of claims have for a VM's `other-config:pci`; claims live for ever, and so does this form. */
export function otherConfigOf(uuid: string): string {
  return `xapi:/vm/${uuid}/other-config/pci`;
}

export function entriesOf(facts: HostFacts, path: string): readonly Entry[] {
  return facts.claims.flatMap((one) => one.claim.entries).filter((entry) => entry.path === path);
}

/** Whether there was no key before our first entry. */
export function wasAbsent(entries: readonly Entry[]): boolean {
  return entries.some((entry) => (entry.undo as { absent?: unknown } | undefined)?.absent === true);
}
