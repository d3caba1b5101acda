import { z } from "zod";
import { parsePciTarget } from "../pci/address";
import { HostInput } from "../plan/inputs/host-input";
import type { Declaration, WishKind } from "../plan/wish";

/**
 * What the resource classes tell of the whole program: the transient input `__program`, which check drops, so that
 * it is in no state. With it hosts are read side by side, and guards know what the program is about to change.
 */
export const DeclaredProgram = z.object({
  preview: z.boolean(),
  /** Every host of the program whose inputs are known. */
  hosts: z.array(HostInput),
  /** Declarations on the host of this resource. */
  declarations: z.array(
    z.object({
      kind: z.enum([
        ...["HiddenPciDevice", "AssignableDevice", "VmPciAttachment", "SriovVirtualFunctions"],
        ...["IommuBootParameters", "HostReboot"],
      ] as const satisfies readonly WishKind[]),
      label: z.string(),
      device: z.string().optional(),
      vm: z.string().optional(),
    }),
  ),
});
export type DeclaredProgram = z.infer<typeof DeclaredProgram>;

/** Those for devices: what guards judge by. */
export function declarationsOf(program: DeclaredProgram | undefined): readonly Declaration[] {
  return (program?.declarations ?? []).flatMap(({ kind, label, device, vm }) => {
    const target = device === undefined ? undefined : parsePciTarget(device);
    return target && kind !== "IommuBootParameters" && kind !== "HostReboot" ? [{ kind, label, target, vm }] : [];
  });
}
