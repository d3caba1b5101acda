import { type ClaimEntry, entriesOf } from "../../../claims/claim-entry";
import { parseKey } from "../../../claims/claim-key";
import { readableClaims } from "../../../facts/claims";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciHostdev } from "../../../vm-text/domain-hostdev";
import type { DomainXml } from "../../../vm-text/domain-xml";
import type { GuestAddress } from "../../../vm-text/guest-address";

/** The indices of the root ports that libvirt made in this VM for any attachment: the last one to end removes them. */
export function portsMadeFor(facts: HostFacts, vmKey: string): readonly number[] {
  const claims = readableClaims(facts).filter(({ key }) => parseKey(key)?.vm === vmKey);
  return [...new Set(claims.flatMap(({ claim }) => portsIn(claim.entries)))];
}

/**
 * The indices of the root ports to remove with these functions: those that libvirt made and nothing else uses. Highest
 * first, and none below one that stays, because libvirt would make it again (seen with 9.0).
 */
export function portsThatGo(
  entries: readonly ClaimEntry[],
  { controllers, guestAddresses }: DomainXml,
  leaving: readonly PciHostdev[],
): readonly number[] {
  const made = new Set(portsIn(entries));
  const inUse = guestAddresses.filter((address) => !leaving.some(({ guestAddress }) => isSame(address, guestAddress)));
  const highestFirst = [...controllers].sort((a, b) => b.index - a.index);
  const staying = highestFirst.findIndex(
    ({ index, model }) => !made.has(index) || model !== "pcie-root-port" || inUse.some(({ bus }) => bus === index),
  );
  return highestFirst.slice(0, staying < 0 ? undefined : staying).map(({ index }) => index);
}

function portsIn(entries: readonly ClaimEntry[]): readonly number[] {
  return entriesOf(entries, "libvirt-config").flatMap(({ undo }) => undo.ports);
}

function isSame(a: GuestAddress, b: GuestAddress | undefined): boolean {
  return a.bus === b?.bus && a.slot === b.slot && a.function === b.function;
}
