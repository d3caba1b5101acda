import { z } from "zod";
import type { ResourceKind } from "../claims/claim-key";

/**
 * The engine's name of a resource: `urn:pulumi:<stack>::<project>::<types, outermost first>::<name>`, where the name may
 * hold "::" too (pulumi, sdk/go/common/resource/urn/urn.go, 3.259).
 */
const URN = /^urn:pulumi:(?<stack>[^:]+)::(?<project>[^:]+)::.+?::(?<name>[\s\S]+)$/;

/** The input that the resource classes fill in: it tells the stack, and where the engine shows what is logged. */
export const UrnInput = z.string().regex(URN);

/** What a URN is made of. */
export interface Urn {
  readonly text: string;
  readonly stack: string;
  readonly project: string;
  /** The name of the resource in the program. */
  readonly name: string;
}

/** Reads a URN that `UrnInput` let through. Throws ZodError for any other text. */
export function parseUrn(text: string): Urn {
  const { stack = "", project = "", name = "" } = URN.exec(UrnInput.parse(text))?.groups ?? {};
  return { text, stack, project, name };
}

/** The URN of a resource that is in no component. */
export function urnOf({ stack, project }: Urn, kind: ResourceKind, name: string): Urn {
  const type = `pulumi-nodejs:dynamic/pci-passthrough:${kind}`;
  return { text: `urn:pulumi:${stack}::${project}::${type}::${name}`, stack, project, name };
}
