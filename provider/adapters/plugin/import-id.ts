import { parseKey, type ResourceKind } from "../../claims/claim-key";
import { PassthroughError } from "../../errors";
import { formatPciTarget } from "../../pci/address";
import type { ProviderConfig } from "../../plan/inputs/provider-config";
import type { ImportSubject } from "../../plan/kinds/import-candidates";
import { KINDS } from "../../plan/kinds/kinds";

/** What is imported, and the inputs `host` of those that may have it. */
export interface ImportOn {
  readonly hosts: readonly unknown[];
  readonly subject: Omit<ImportSubject, "kind">;
}

/**
 * Reads the id of an import: `<host>/<device>`, `<host>/<device>/<vm>` or `<host>`, as the kind needs it, with the name
 * or the address of a host; or the id in a state, `<machine>/<kind>/…`, which one of the provider's hosts has. `given`:
 * the host that the program says beside it, as in `.get()`. Throws PassthroughError for anything else.
 */
export function importSubject(kind: ResourceKind, id: string, given: unknown, { hosts }: ProviderConfig): ImportOn {
  const [first = "", ...rest] = id.split("/");
  const key = rest[0] === kind ? parseKey(rest.join("/")) : undefined;
  if (key) {
    const subject = { device: key.target && formatPciTarget(key.target), vm: key.vm };
    const known = given === undefined ? Object.keys(hosts ?? {}) : [given];
    if (known.length > 0) return { hosts: known, subject };
    throw new PassthroughError(
      `Unable to import ${id}: ${formOf(kind)}. Or name the hosts in the provider's configuration`,
    );
  }
  const [device, ...vm] = rest;
  const subject = { device, vm: vm.length > 0 ? vm.join("/") : undefined };
  const { shape } = KINDS[kind].inputs;
  const isWhole = "device" in shape === (device !== undefined) && "vm" in shape === (subject.vm !== undefined);
  if (first === "" || !isWhole) throw new PassthroughError(`Unable to import ${id}: ${formOf(kind)}`);
  const host = given ?? (hosts?.[first] ? first : { address: first });
  return { hosts: [host], subject };
}

function formOf(kind: ResourceKind): string {
  const { shape } = KINDS[kind].inputs;
  const form = ["xen1", ...("device" in shape ? ["0000:04:00.0"] : []), ...("vm" in shape ? ["web1"] : [])].join("/");
  return `the id of an import is "${form}": the host by its name in the provider's configuration or its address${"device" in shape ? ", the device" : ""}${"vm" in shape ? ", and the VM" : ""}`;
}
