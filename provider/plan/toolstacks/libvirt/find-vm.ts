import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtDomain } from "../../../facts/libvirt";
import type { PciAddress } from "../../../pci/address";
import type { PciHostdev } from "../../../vm-text/domain-hostdev";
import { vmsInstead } from "../../no-such-vm";
import { whyNoLibvirt, whyUnreadable } from "../../silent-libvirt";
import type { FoundVm } from "../../vm-planner";

/** A VM of libvirt; its key is its uuid. */
export interface LibvirtVm {
  readonly name: string;
  readonly key: string;
  readonly running: boolean;
  readonly domain: LibvirtDomain;
}

const DOM0 = "00000000-0000-0000-0000-000000000000";

/** Finds a VM by name or uuid. Names are unique in libvirt. */
export function findVm(facts: HostFacts, wanted: string): FoundVm<LibvirtVm> {
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return { kind: "unreadable", reason: whyNoLibvirt(libvirt) };
  if (wanted.startsWith("/")) {
    return {
      kind: "missing",
      reason: `libvirt manages the files of its VMs itself, and would not notice a change of ${wanted}. Set vm to the name or the uuid of the VM`,
    };
  }
  const matching = libvirt.domains.filter(({ name, uuid }) => name === wanted || uuid === uuidOf(wanted));
  const [domain, second] = matching;
  if (domain && second) {
    const list = matching.map(({ name, uuid }) => `"${name}" has the uuid ${uuid}`).join(", ");
    return {
      kind: "several",
      reason: `"${wanted}" is the name of one VM and the uuid of another. Name the VM in the other way: ${list}`,
    };
  }
  if (domain?.uuid === DOM0)
    return { kind: "missing", reason: `"${domain.name}" is the control domain, which is the host itself. Name a VM` };
  if (domain) return { kind: "found", vm: { name: domain.name, key: domain.uuid, running: domain.running, domain } };
  const unreadable = libvirt.unreadable.find(({ name, uuid }) => name === wanted || (uuid ?? "") === uuidOf(wanted));
  if (unreadable) return { kind: "unreadable", reason: whyUnreadable(unreadable) };
  const known = libvirt.domains.filter(({ uuid }) => uuid !== DOM0).map(({ name }) => name);
  return {
    kind: "missing",
    reason: `the host has no VM "${wanted}". Set vm to a name or a uuid${vmsInstead(wanted, known, libvirt.uri)}`,
  };
}

/** The entry that gives the VM this function at its next start; undefined without one. */
export function inConfig(domain: LibvirtDomain, address: PciAddress): PciHostdev | undefined {
  return domain.persistent ? domain.config.hostdevs.find((hostdev) => hostdev.address === address) : undefined;
}

/** The entry of this function in the running VM; undefined without one. */
export function inRunning(domain: LibvirtDomain, address: PciAddress): PciHostdev | undefined {
  return domain.live?.hostdevs.find((hostdev) => hostdev.address === address);
}

/** libvirt accepts uuids with and without dashes (src/util/viruuid.c, virUUIDParse). */
function uuidOf(text: string): string | undefined {
  const digits = text.replaceAll("-", "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : undefined;
}
