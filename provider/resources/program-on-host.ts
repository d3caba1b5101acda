import type { HostProgram } from "../plan/kinds/expected-host";
import { type DeclaredProgram, declaredWith, deviceDeclarations } from "./declared-program";
import { type InState, ownerOf, type Wanted } from "./wanted";

/** What the program declares on the host of a resource, as plans need it. Without a program, the resource alone. */
export function programOnHost(
  program: DeclaredProgram | undefined,
  { inputs, urn, wish }: Wanted,
  state: InState,
): HostProgram {
  return {
    declared: declaredWith(program, wish, urn.name),
    complete: program?.complete ?? false,
    context: { owner: ownerOf(urn, state), program: deviceDeclarations(program) },
    host: inputs.host,
  };
}
