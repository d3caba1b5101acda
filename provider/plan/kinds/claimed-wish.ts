import type { ClaimSubject } from "../../claims/claim-key";
import { formatPciTarget } from "../../pci/address";
import type { HostInput } from "../inputs/host-input";
import type { Wish } from "../wish";
import { KINDS } from "./kinds";

/** The wish of a claim, to take it back: only what its key names matters then. A count must be there, and is not read. */
export function claimedWish({ kind, target, vm }: ClaimSubject, host: HostInput): Wish {
  return KINDS[kind].wish({ host, device: target && formatPciTarget(target), vm, count: 1 });
}
