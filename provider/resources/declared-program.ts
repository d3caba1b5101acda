import { z } from "zod";
import { parsePciTarget } from "../pci/address";
import type { Declaration } from "../plan/wish";
import { HostInput } from "./host-input";

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
      kind: z.enum(["HiddenPciDevice", "AssignableDevice", "VmPciAttachment"]),
      label: z.string(),
      device: z.string(),
      vm: z.string().optional(),
    }),
  ),
});
export type DeclaredProgram = z.infer<typeof DeclaredProgram>;

export function declarationsOf(program: DeclaredProgram | undefined): readonly Declaration[] {
  return (program?.declarations ?? []).flatMap(({ kind, label, device, vm }) => {
    const target = parsePciTarget(device);
    return target ? [{ kind, label, target, vm }] : [];
  });
}
