import { TRIAL_ENVIRONMENT } from "../../boot/boot-trial-files";
import { entriesOf } from "../../claims/claim-entry";
import { parseKey } from "../../claims/claim-key";
import { readableClaims } from "../../facts/claims";
import { withFile } from "../../facts/files";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import { isStubDriver } from "../../facts/stub-drivers";
import { hasBootArgument } from "../boot-argument";
import { isHidden } from "../hide/hide-mechanisms";
import { isIommuActive } from "../iommu-state";
import { stubDriverOf } from "../stub-driver";

/**
 * What a host will be like after a reboot, as far as its boot configuration tells: stub drivers have what is hidden and
 * nothing else, the IOMMU is on if we configured it, and no VM runs yet. The boot gets an id of its own.
 */
export function afterReboot(facts: HostFacts): HostFacts {
  const withoutIommu = isIommuTakenBack(facts) ? { iommuGroup: undefined } : {};
  const pciDevices = new Map(
    [...facts.pciDevices].map(([address, device]) => [
      address,
      { ...device, ...withoutIommu, driver: driverAfterBoot(facts, device) },
    ]),
  );
  const machine = { ...facts.machine, bootId: `after ${facts.machine.bootId}` };
  // A boot on trial is confirmed.
  const files = withFile(facts.files, TRIAL_ENVIRONMENT, undefined);
  return { ...withoutVms(facts), ...iommuAfterBoot(facts), machine, pciDevices, files };
}

function driverAfterBoot(facts: HostFacts, { address, driver }: PciDevice): string | undefined {
  const isOnStub = isStubDriver(facts, driver);
  if (isHidden(facts, address)) return isOnStub ? driver : stubDriverOf(facts, { driver: undefined });
  if (!isOnStub) return driver;
  const recorded = readableClaims(facts)
    .flatMap(({ claim }) => claim.functions)
    .find((claimed) => claimed.address === address && claimed.driver);
  return recorded?.driver ?? facts.pciback.nativeModules.get(address);
}

function iommuAfterBoot(facts: HostFacts): Partial<HostFacts> {
  if (isIommuTakenBack(facts)) return iommuOff(facts);
  const written = readableClaims(facts).flatMap(({ claim }) => entriesOf(claim.entries, "boot-argument"));
  if (isIommuActive(facts) || !written.some(({ undo }) => hasBootArgument(facts, undo))) return {};
  return facts.xen
    ? { xen: { ...facts.xen, iommu: true } }
    : { iommu: { ...facts.iommu, units: ["on from this boot"] } };
}

function isIommuTakenBack({ removals, machine }: HostFacts): boolean {
  return removals.some(({ key, bootId }) => parseKey(key)?.kind === "IommuBootParameters" && bootId === machine.bootId);
}

function iommuOff({ xen, iommu }: HostFacts): Partial<HostFacts> {
  return xen ? { xen: { ...xen, iommu: false } } : { iommu: { ...iommu, units: [] } };
}

function withoutVms(facts: HostFacts): HostFacts {
  const { domains, libvirt, xapi } = facts;
  return {
    ...facts,
    domains: domains.kind === "listed" ? { ...domains, domains: [] } : domains,
    libvirt:
      libvirt?.kind === "answers"
        ? {
            ...libvirt,
            domains: libvirt.domains.map((vm) => ({ ...vm, running: false, paused: false, live: undefined })),
          }
        : libvirt,
    xapi:
      xapi?.answer.kind === "pool"
        ? { ...xapi, answer: { ...xapi.answer, vms: xapi.answer.vms.map((vm) => haltedOn(xapi.hostUuid, vm)) } }
        : xapi,
  };
}

function haltedOn<V extends { readonly residentOn: string | undefined; readonly kind: string }>(
  host: string,
  vm: V,
): V {
  if (vm.residentOn !== host || vm.kind !== "vm") return vm;
  return { ...vm, powerState: "halted", residentOn: undefined, domainId: undefined };
}
