import { type EntryOf, entriesOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import { allEntries } from "../../claim";

/** Whether a VM had no key `other-config:pci` before our first entry. */
export function hadNoKey(facts: HostFacts, vm: string): boolean {
  const ownItems: readonly EntryOf<"xapi">[] = entriesOf(allEntries(facts), "xapi");
  return ownItems.some((entry) => entry.vm === vm && entry.undo.absent);
}
