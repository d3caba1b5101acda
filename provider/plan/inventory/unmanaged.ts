import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { isBridge } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import { isHidden } from "../hide/hide-mechanisms";
import type { HostInput } from "../inputs/host-input";
import type { Bag } from "../kind";
import { type ImportSubject, isThere, tryImport } from "../kinds/import-candidates";
import { NOBODY } from "../wish";
import { devicesByAddress } from "./pci-device-info";
import { vmReports } from "./vm-report";

/** Something that a host has and no stack manages, as a program declares it. */
export interface Unmanaged {
  readonly kind: ResourceKind;
  /** A name for the resource, of letters, digits and dashes. */
  readonly name: string;
  /** Without `host`. */
  readonly inputs: Bag;
}

/**
 * What was made on a host by hand, as declarations that change nothing there: what is hidden at boot, what is
 * assignable, and what VMs have. What a stack manages is left out.
 */
export function unmanagedOn(facts: HostFacts, host: HostInput): readonly Unmanaged[] {
  const devices = devicesByAddress(facts).filter((device) => !isBridge(device));
  const ofKind = (kind: ResourceKind, which: typeof devices): readonly ImportSubject[] =>
    which.map(({ address }) => ({ kind, device: address, vm: undefined }));
  const subjects: readonly ImportSubject[] = [
    ...ofKind(
      "HiddenPciDevice",
      devices.filter(({ address }) => isHidden(facts, address)),
    ),
    ...ofKind(
      "AssignableDevice",
      devices.filter(({ driver }) => isStubDriver(facts, driver)),
    ),
    ...vmReports(facts).flatMap(({ name, functions }) =>
      functions.map(({ address }) => ({ kind: "VmPciAttachment" as const, device: address, vm: name })),
    ),
  ];
  return subjects.flatMap((subject) => {
    const found = tryImport(subject, facts, host, NOBODY).find(isThere);
    return found ? [{ kind: subject.kind, name: nameOf(subject), inputs: found.inputs }] : [];
  });
}

function nameOf({ kind, device = "", vm }: ImportSubject): string {
  const address = device.replace(/^0000:/, "").replace(/[:.]/g, "-");
  if (vm !== undefined) return `${vm.replace(/[^A-Za-z0-9]+/g, "-")}-${address}`;
  return `${kind === "HiddenPciDevice" ? "hidden" : "assignable"}-${address}`;
}
