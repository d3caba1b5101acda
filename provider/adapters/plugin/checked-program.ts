import type { ResourceKind } from "../../claims/claim-key";
import type { HostInput } from "../../plan/inputs/host-input";
import type { Bag } from "../../plan/kind";
import { type DeclaredProgram, type DeclaredResource, declaredResource } from "../../resources/declared-program";
import { containsUnknown } from "../../resources/unknowns";

interface HostDeclarations extends DeclaredProgram {
  declarations: readonly DeclaredResource[];
}

/** A resource between its check and the end of its create, its update, or the diff that finds nothing to do. */
interface UnderWay {
  readonly kind: ResourceKind;
  readonly label: string;
  readonly host: string;
  /** The others that were under way at the same time: neither waits for the other. */
  readonly beside: Set<UnderWay>;
}

/**
 * What the program declares, as far as the engine has had it checked. A plugin is not told how much there is to come, so
 * it is never complete; nor what waits for what: the engine checks a resource when all that it waits for is done.
 */
export class CheckedProgram {
  private readonly byHost = new Map<string, HostDeclarations>();
  private readonly underWay = new Map<string, UnderWay>();

  /** Adds a declaration on a host, or replaces it: the engine checks a replacement twice. */
  add(kind: ResourceKind, label: string, host: HostInput, checked: Bag): void {
    const { host: _, ...given } = checked;
    const unknown = Object.keys(given).filter((name) => containsUnknown(given[name]));
    const inputs = Object.fromEntries(Object.entries(given).filter(([name]) => !unknown.includes(name)));
    const key = keyOf(host);
    const onHost: HostDeclarations = this.byHost.get(key) ?? {
      complete: false,
      declarations: [],
      beside: (kind, label) => this.besideOf(kind, label, onHost.declarations),
    };
    this.byHost.set(key, onHost);
    this.begin(kind, label, key);
    const others = onHost.declarations.filter((other) => other.kind !== kind || other.label !== label);
    // A new list: what was reckoned on the old one does not count for it.
    onHost.declarations = [...others, declaredResource({ kind, label, inputs, unknown }, host)];
  }

  /** The engine has come to the end of a resource: those that it checks later may wait for it. */
  end(kind: ResourceKind, label: string): void {
    this.underWay.delete(nameOf(kind, label));
  }

  private begin(kind: ResourceKind, label: string, host: string): void {
    const name = nameOf(kind, label);
    if (this.underWay.has(name)) return;
    const others = [...this.underWay.values()].filter((other) => other.host === host);
    const own: UnderWay = { kind, label, host, beside: new Set(others) };
    for (const other of others) other.beside.add(own);
    this.underWay.set(name, own);
  }

  private besideOf(kind: ResourceKind, label: string, declared: readonly DeclaredResource[]) {
    const beside = [...(this.underWay.get(nameOf(kind, label))?.beside ?? [])];
    return declared.filter((other) => beside.some(({ kind, label }) => kind === other.kind && label === other.label));
  }

  /** The declarations on a host, to which those are added that are checked later; undefined while there are none. */
  on(host: HostInput): DeclaredProgram | undefined {
    return this.byHost.get(keyOf(host));
  }
}

function nameOf(kind: ResourceKind, label: string): string {
  return `${kind} ${label}`;
}

function keyOf(host: HostInput): string {
  return JSON.stringify(Object.entries(host).sort(([a], [b]) => a.localeCompare(b)));
}
