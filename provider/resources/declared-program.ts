import type { ResourceKind } from "../claims/claim-key";
import { formatPciTarget, overlap, parsePciTarget } from "../pci/address";
import type { Declaration } from "../plan/declaration";
import type { HostInput } from "../plan/inputs/host-input";
import type { Bag } from "../plan/kind";
import { KINDS } from "../plan/kinds/kinds";
import type { DeclaredWish, Wish } from "../plan/wish";
import { sameValue } from "../same-value";

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

/** What the program of this run declares, as far as it is known. */
export interface DeclaredProgram {
  /** Whether every host of the program is known. */
  readonly complete: boolean;
  /** Those on the host of one resource, in the order of the program. */
  readonly declarations: readonly DeclaredResource[];
  /** Those of them that the engine makes at the same time as this one; none where the order of the program counts. */
  readonly beside: (kind: ResourceKind, label: string) => readonly DeclaredResource[];
}

/** A declaration as an adapter has it. */
export interface GivenDeclaration {
  readonly kind: ResourceKind;
  /** The name of the resource in the program. */
  readonly label: string;
  /** All but `host`, not checked yet, and without those that wait for another resource. */
  readonly inputs: Bag;
  /** The names of those that wait. */
  readonly unknown: readonly string[];
}

/** Reads a declaration on this host. Never throws. */
export function declaredResource(
  { kind, label, inputs, unknown }: GivenDeclaration,
  host: HostInput,
): DeclaredResource {
  const { device, vm } = inputs;
  const all = { ...inputs, host };
  const { previewedWithout, inputs: schema, wish } = KINDS[kind];
  const isKnown = unknown.every((name) => previewedWithout.includes(name)) && schema.safeParse(all).success;
  return {
    kind,
    label,
    device: typeof device === "string" ? device : undefined,
    vm: typeof vm === "string" ? vm : undefined,
    wish: isKnown ? wish(all) : undefined,
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

/** Finds the declaration of a resource: only resources of different kinds may have one name. */
function isDeclaration(kind: ResourceKind, label: string): (declared: DeclaredResource) => boolean {
  return (declared) => declared.kind === kind && declared.label === label;
}

/** What a resource of the program wants; undefined while that is not known. */
export function wishIn({ declarations }: DeclaredProgram, kind: ResourceKind, label: string): Wish | undefined {
  return declarations.find(isDeclaration(kind, label))?.wish;
}

/**
 * The declarations on the host of a resource, in the order of the program, that of the resource itself with this wish: the
 * program's own array where it says the same.
 */
export function declaredWith(program: DeclaredProgram | undefined, wish: Wish, label: string): readonly DeclaredWish[] {
  const own = { kind: wish.kind, label, wish };
  const declarations = program?.declarations ?? [];
  const isOwn = isDeclaration(wish.kind, label);
  if (sameValue(declarations.find(isOwn)?.wish, wish)) return declarations;
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
