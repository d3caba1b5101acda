import type { ResourceKind } from "../claims/claim-key";
import type { PciTarget } from "../pci/address";

/** A declaration of the same program for a device of the same host. */
export interface Declaration {
  readonly kind: ResourceKind;
  readonly label: string;
  readonly target: PciTarget;
  readonly vm: string | undefined;
}
