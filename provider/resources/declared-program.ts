import { z } from "zod";
import { RESOURCE_KINDS } from "../claims/claim-key";
import { formatPciTarget, parsePciTarget } from "../pci/address";
import type { Declaration } from "../plan/declaration";
import { HostInput } from "../plan/inputs/host-input";
import { KINDS } from "../plan/kinds/kinds";
import type { Wish } from "../plan/wish";

/** What the resource classes report about one declaration of the program. */
const Declared = z.object({
  kind: z.enum(RESOURCE_KINDS),
  label: z.string(),
  device: z.string().optional(),
  vm: z.string().optional(),
});

/**
 * What the resource classes report about the whole program: the transient input `__program`, which check drops, so that
 * it is in no state. With it hosts are read in parallel, and guards know what the program is about to change.
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
  /** What cannot be read, one line each. */
  readonly problems: readonly string[];
}

/**
 * Reads `__program`, each declaration by itself, so that one that cannot be read becomes a problem and does not affect
 * the others. Undefined when there is no `__program` (refresh, destroy). A host with invalid inputs is omitted: the
 * check of its resources reports them. Never throws.
 */
export function readProgram(input: unknown): DeclaredProgram | undefined {
  if (input === undefined) return undefined;
  const program = TransientInput.safeParse(input);
  if (!program.success)
    return {
      preview: false,
      hosts: [],
      declarations: [],
      problems: [
        "the program's declarations (__program) cannot be read. Use the same version of pulumi-pci-passthrough for the program and its provider",
      ],
    };
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

/**
 * The declarations for devices, which guards judge by. An invalid device is omitted: the check of its own resource
 * reports it.
 */
export function deviceDeclarations(program: DeclaredProgram | undefined): readonly Declaration[] {
  return (program?.declarations ?? []).flatMap(({ kind, label, device, vm }) => {
    const target = device === undefined ? undefined : parsePciTarget(device);
    return target && KINDS[kind].property === "device" ? [{ kind, label, target, vm }] : [];
  });
}

/** Why a declaration conflicts with another one of the program for the same thing; undefined when it does not. */
export function twinOf(wish: Wish, label: string, program: DeclaredProgram | undefined): string | undefined {
  const device = "target" in wish ? formatPciTarget(wish.target) : undefined;
  const vm = "vm" in wish ? wish.vm : undefined;
  const twin = program?.declarations.find(
    (other) =>
      other.label !== label && other.kind === wish.kind && longForm(other.device) === device && other.vm === vm,
  );
  return twin && `"${twin.label}" declares the same ${wish.kind} for ${device ?? "the host"}. Remove one of the two`;
}

function longForm(device: string | undefined): string | undefined {
  const target = device === undefined ? undefined : parsePciTarget(device);
  return target && formatPciTarget(target);
}

function labelOf(declaration: unknown): string {
  const { data } = z.object({ label: z.string() }).safeParse(declaration);
  return data ? `"${data.label}"` : "of a resource without a name";
}
