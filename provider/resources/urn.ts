import { z } from "zod";
import type { ResourceKind } from "../claims/claim-key";

/**
 * The engine's name of a resource: `urn:pulumi:<stack>::<project>::<types, outermost first>::<name>`, where the name may
 * hold "::" too (pulumi, sdk/go/common/resource/urn/urn.go, 3.259).
 */
const URN = /^urn:pulumi:(?<stack>[^:]+)::(?<project>[^:]+)::(?<types>.+?)::(?<name>[\s\S]+)$/;

/** A URN as text. */
export const UrnInput = z.string().regex(URN);

/** What a URN is made of. */
export interface Urn {
  readonly text: string;
  readonly stack: string;
  readonly project: string;
  /** The types of the resources that it is in, outermost first, with `$` between them; empty where it is in none. */
  readonly parents: string;
  /** The name of the resource in the program. */
  readonly name: string;
}

/** Reads a URN that `UrnInput` let through. Throws ZodError for any other text. */
export function parseUrn(text: string): Urn {
  const { stack = "", project = "", types = "", name = "" } = URN.exec(UrnInput.parse(text))?.groups ?? {};
  return { text, stack, project, parents: types.slice(0, Math.max(0, types.lastIndexOf("$"))), name };
}

/** The type in URNs of a kind of the dynamic provider, as sdk/host-resource.ts registers it. */
export function dynamicTypeOf(kind: ResourceKind): string {
  return `pulumi-nodejs:dynamic/pci-passthrough:${kind}`;
}

/** The URN of another resource of the same stack, which has this type. */
export function urnBeside(
  { stack, project }: Urn,
  type: string,
  { parents, name }: Pick<Urn, "parents" | "name">,
): Urn {
  return urnOf(type, { stack, project, parents, name });
}

/** The URN of a resource of this type. */
export function urnOf(type: string, { stack, project, parents, name }: Omit<Urn, "text">): Urn {
  const types = parents === "" ? type : `${parents}$${type}`;
  return { text: `urn:pulumi:${stack}::${project}::${types}::${name}`, stack, project, parents, name };
}
