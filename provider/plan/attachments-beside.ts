import type { Claim } from "../claims/claim";
import type { ClaimEntry } from "../claims/claim-entry";
import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { readOtherConfigPci } from "../vm-text/other-config-pci";
import { claimsBeside } from "./claim";

/**
 * What other attachments of the same VM have in it for these functions: a slot may follow its function under another
 * name, or the function its slot. The new attachment records it, too, so that it stays when the old one goes.
 */
export function entriesBeside(
  facts: HostFacts,
  key: string,
  functions: ReadonlySet<PciAddress>,
): readonly ClaimEntry[] {
  return claimsBeside(facts, key).flatMap(({ claim }) => claim.entries.filter((entry) => isAbout(entry, functions)));
}

/** The functions of a claim that another attachment of the same VM has, too, each with the label of that attachment. */
export function sharedFunctions(facts: HostFacts, key: string, claim: Claim): ReadonlyMap<PciAddress, string> {
  const beside = claimsBeside(facts, key);
  return new Map(
    claim.functions.flatMap(({ address }) => {
      const other = beside.find(({ claim }) => claim.functions.some((its) => its.address === address));
      return other ? [[address, other.claim.label]] : [];
    }),
  );
}

/** Whether an entry is about one of these functions. */
export function isAbout(entry: ClaimEntry, functions: { has(address: PciAddress): boolean }): boolean {
  const address = functionOfEntry(entry);
  return address !== undefined && functions.has(address);
}

/** The function that an entry is about; undefined for one that serves a whole VM or the whole host. */
export function functionOfEntry(entry: ClaimEntry): PciAddress | undefined {
  if (entry.kind === "xapi") return readOtherConfigPci(entry.item)[0]?.address;
  return "address" in entry ? entry.address : undefined;
}
