import { z } from "zod";
import { RESOURCE_KINDS } from "../claims/claim-key";
import { formatPciTarget, parsePciTarget } from "../pci/address";
import { HostInput } from "../plan/inputs/host-input";
import { KINDS } from "../plan/kinds/kinds";
import type { Declaration, Wish } from "../plan/wish";

/** What the resource classes tell of one declaration of the program. */
const Declared = z.object({
  kind: z.enum(RESOURCE_KINDS),
  label: z.string(),
  device: z.string().optional(),
  vm: z.string().optional(),
});

/**
 * What the resource classes tell of the whole program: the transient input `__program`, which check drops, so that
 * it is in no state. With it hosts are read side by side, and guards know what the program is about to change.
 */
const TransientInput = z.object({
  preview: z.boolean(),
  /** Every host of the program whose inputs are known. */
  hosts: z.array(z.unknown()),
  /** Declarations on the host of this resource. */
  declarations: z.array(z.unknown()),
});

/** The program, as far as it can be read. */
export interface DeclaredProgram {
  readonly preview: boolean;
  readonly hosts: readonly HostInput[];
  readonly declarations: readonly z.infer<typeof Declared>[];
  /** What cannot be read, a line each. */
  readonly problems: readonly string[];
}

/**
 * Reads `__program`, each declaration by itself: what cannot be read is a problem of its own, and leaves the others as they
 * are. Undefined where the program tells nothing (refresh, destroy). A host whose inputs are wrong is left out: the check of its
 * resources says so.
 */
export function readProgram(input: unknown): DeclaredProgram | undefined {
  if (input === undefined) return undefined;
  const program = TransientInput.safeParse(input);
  if (!program.success)
    return { preview: false, hosts: [], declarations: [], problems: ["what the program declares cannot be read"] };
  const declarations = program.data.declarations.map((declaration) => ({
    declaration,
    read: Declared.safeParse(declaration),
  }));
  return {
    preview: program.data.preview,
    hosts: program.data.hosts.flatMap((host) => HostInput.safeParse(host).data ?? []),
    declarations: declarations.flatMap(({ read }) => read.data ?? []),
    problems: declarations.flatMap(({ declaration, read }) =>
      read.success ? [] : [`the declaration ${labelOf(declaration)} cannot be read: ${z.prettifyError(read.error)}`],
    ),
  };
}

/** Those for devices: what guards judge by. A device that is no address is left out: the check of its own resource says so. */
export function deviceDeclarations(program: DeclaredProgram | undefined): readonly Declaration[] {
  return (program?.declarations ?? []).flatMap(({ kind, label, device, vm }) => {
    const target = device === undefined ? undefined : parsePciTarget(device);
    return target && KINDS[kind].property === "device" ? [{ kind, label, target, vm }] : [];
  });
}

/** Why a declaration must not be there beside another one of the program; undefined where it may. */
export function twinOf(wish: Wish, label: string, program: DeclaredProgram | undefined): string | undefined {
  const device = "target" in wish ? formatPciTarget(wish.target) : undefined;
  const vm = "vm" in wish ? wish.vm : undefined;
  const twin = program?.declarations.find(
    (other) =>
      other.label !== label && other.kind === wish.kind && longForm(other.device) === device && other.vm === vm,
  );
  return twin && `"${twin.label}" declares the same ${wish.kind} for ${device ?? "the host"}. Keep one of the two`;
}

function longForm(device: string | undefined): string | undefined {
  const target = device === undefined ? undefined : parsePciTarget(device);
  return target && formatPciTarget(target);
}

function labelOf(declaration: unknown): string {
  const { data } = z.object({ label: z.string() }).safeParse(declaration);
  return data ? `"${data.label}"` : "of a resource without a name";
}
