import { z } from "zod";
import { RESOURCE_KINDS, type ResourceKind } from "../claims/claim-key";
import { formatPciTarget, overlap, parsePciTarget } from "../pci/address";
import type { Declaration } from "../plan/declaration";
import { HostInput } from "../plan/inputs/host-input";
import { KINDS } from "../plan/kinds/kinds";
import type { DeclaredWish, Wish } from "../plan/wish";

/** What the resource classes report about one declaration of the program. */
const Declared = z.object({
  kind: z.enum(RESOURCE_KINDS),
  label: z.string(),
  /** All but `host`, and without those that wait for another resource. */
  inputs: z.record(z.string(), z.unknown()),
  /** The names of those that wait. */
  unknown: z.array(z.string()),
});

/** A declaration of the program on the host of a resource. */
export interface DeclaredResource {
  readonly kind: ResourceKind;
  readonly label: string;
  /** As the program writes it; undefined when it is not known yet, or the kind has none. */
  readonly device: string | undefined;
  readonly vm: string | undefined;
  /** Undefined when an input is not known yet, or wrong: the check of the resource itself reports that. */
  readonly wish: Wish | undefined;
}

/**
 * What the resource classes report about the whole program: the transient input `__program`, which check drops, so that
 * it is in no state. With it hosts are read in parallel, and guards know what the program is about to change.
 */
const TransientInput = z.object({
  preview: z.boolean(),
  /** Every host of the program whose inputs are known. */
  hosts: z.array(z.unknown()),
  complete: z.boolean(),
  /** Declarations on the host of this resource, in the order of the program. */
  declarations: z.array(z.unknown()),
});

/** The program, as far as it can be read. */
export interface DeclaredProgram {
  readonly preview: boolean;
  readonly hosts: readonly HostInput[];
  /** Whether these are all hosts of the program. */
  readonly complete: boolean;
  readonly declarations: readonly DeclaredResource[];
  /** What cannot be read, one line each. */
  readonly problems: readonly string[];
}

/**
 * Reads `__program`, each declaration by itself, so that one that cannot be read becomes a problem and does not affect
 * the others. `host`: the host of the resource that has this input. Undefined when there is no `__program` (refresh,
 * destroy). A host with invalid inputs is omitted: the check of its resources reports them. Never throws.
 */
export function readProgram(input: unknown, host: HostInput): DeclaredProgram | undefined {
  if (input === undefined) return undefined;
  const program = TransientInput.safeParse(input);
  if (!program.success)
    return {
      preview: false,
      hosts: [],
      complete: false,
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
    complete: program.data.complete,
    hosts: program.data.hosts.flatMap((host) => HostInput.safeParse(host).data ?? []),
    declarations: declarations.flatMap(({ read }) => (read.data ? [resourceOf(read.data, host)] : [])),
    problems: declarations.flatMap(({ declaration, read }) =>
      read.success ? [] : [`the declaration ${labelOf(declaration)} cannot be read: ${z.prettifyError(read.error)}`],
    ),
  };
}

function resourceOf({ kind, label, inputs, unknown }: z.infer<typeof Declared>, host: HostInput): DeclaredResource {
  const text = (name: string) => z.string().safeParse(inputs[name]).data;
  const all = { ...inputs, host };
  const { previewedWithout, inputs: schema, wish } = KINDS[kind];
  const isKnown = unknown.every((name) => previewedWithout.includes(name)) && schema.safeParse(all).success;
  return { kind, label, device: text("device"), vm: text("vm"), wish: isKnown ? wish(all) : undefined };
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

/** Finds the declaration of a resource: only resources of different kinds may have one name. */
function isDeclaration(kind: ResourceKind, label: string): (declared: DeclaredResource) => boolean {
  return (declared) => declared.kind === kind && declared.label === label;
}

/** What a resource of the program wants; undefined while that is not known. */
export function wishIn({ declarations }: DeclaredProgram, kind: ResourceKind, label: string): Wish | undefined {
  return declarations.find(isDeclaration(kind, label))?.wish;
}

/** The declarations on the host of a resource, in the order of the program, that of the resource itself with this wish. */
export function declaredWith(program: DeclaredProgram | undefined, wish: Wish, label: string): readonly DeclaredWish[] {
  const own = { kind: wish.kind, label, wish };
  const declarations = program?.declarations ?? [];
  const isOwn = isDeclaration(wish.kind, label);
  return declarations.some(isOwn)
    ? declarations.map((declared) => (isOwn(declared) ? own : declared))
    : [...declarations, own];
}

/** Why a declaration conflicts with another one of the program for the same thing; undefined when it does not. */
export function twinOf(wish: Wish, label: string, program: DeclaredProgram | undefined): string | undefined {
  const target = "target" in wish ? wish.target : undefined;
  const vm = "vm" in wish ? wish.vm : undefined;
  const twins = (program?.declarations ?? [])
    .filter((other) => other.label !== label && other.kind === wish.kind && other.vm === vm)
    .map((other) => ({ ...other, target: other.device === undefined ? undefined : parsePciTarget(other.device) }));
  const twin = twins.find((other) =>
    target && other.target ? overlap(target, other.target) : target === undefined && other.device === undefined,
  );
  if (!twin) return undefined;
  const [own, its] = [target, twin.target].map((device) => device && formatPciTarget(device));
  const what = own === its ? `the same ${wish.kind} for ${own ?? "the host"}` : `the ${wish.kind} for ${its}`;
  const common = own === its ? "" : `, which has functions in common with ${own}`;
  return `"${twin.label}" declares ${what}${common}. Remove one of the two`;
}

function labelOf(declaration: unknown): string {
  const { data } = z.object({ label: z.string() }).safeParse(declaration);
  return data ? `"${data.label}"` : "of a resource without a name";
}
