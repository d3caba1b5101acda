import type { ResourceKind } from "../../claims/claim-key";
import type { HostInput } from "../../plan/inputs/host-input";
import type { Bag } from "../../plan/kind";
import { type DeclaredProgram, type DeclaredResource, declaredResource } from "../../resources/declared-program";
import { containsUnknown } from "../../resources/unknowns";

interface HostDeclarations extends DeclaredProgram {
  declarations: readonly DeclaredResource[];
}

/**
 * What the program declares, as far as the engine has had it checked. A plugin is not told how much there is to come, so
 * it is never complete.
 */
export class CheckedProgram {
  private readonly byHost = new Map<string, HostDeclarations>();

  /** Adds a declaration on a host, or replaces it: the engine checks a replacement twice. */
  add(kind: ResourceKind, label: string, host: HostInput, checked: Bag): void {
    const { host: _, ...given } = checked;
    const unknown = Object.keys(given).filter((name) => containsUnknown(given[name]));
    const inputs = Object.fromEntries(Object.entries(given).filter(([name]) => !unknown.includes(name)));
    const key = keyOf(host);
    const onHost = this.byHost.get(key) ?? { complete: false, declarations: [] };
    this.byHost.set(key, onHost);
    const others = onHost.declarations.filter((other) => other.kind !== kind || other.label !== label);
    // A new list: what was reckoned on the old one does not count for it.
    onHost.declarations = [...others, declaredResource({ kind, label, inputs, unknown }, host)];
  }

  /** The declarations on a host, to which those are added that are checked later; undefined while there are none. */
  on(host: HostInput): DeclaredProgram | undefined {
    return this.byHost.get(keyOf(host));
  }
}

function keyOf(host: HostInput): string {
  return JSON.stringify(Object.entries(host).sort(([a], [b]) => a.localeCompare(b)));
}
