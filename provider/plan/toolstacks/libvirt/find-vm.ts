import type { HostFacts } from "../../../facts/host-facts";
import type { LibvirtDomain } from "../../../facts/libvirt";
import type { PciAddress } from "../../../pci/address";
import type { PciHostdev } from "../../../vm-text/domain-xml";
import { libvirtSays } from "../../silent-libvirt";
import type { FoundVm } from "../../vm-planner";

/** A VM as libvirt has it. */
export interface LibvirtVm {
  readonly name: string;
  readonly key: string;
  readonly running: boolean;
  readonly domain: LibvirtDomain;
}

const DOM0 = "00000000-0000-0000-0000-000000000000";

/** Finds a VM by name or uuid. libvirt allows one VM of a name. */
export function findVm(facts: HostFacts, wanted: string): FoundVm<LibvirtVm> {
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return { kind: "unreadable", reason: libvirtSays(libvirt) };
  if (wanted.startsWith("/")) {
    return {
      kind: "missing",
      reason: `libvirt keeps the files of its VMs to itself, and would not see a change of ${wanted}. Name the VM by its name or its uuid`,
    };
  }
  const matching = libvirt.domains.filter((one) => one.name === wanted || one.uuid === uuidOf(wanted));
  const [domain, second] = matching;
  if (domain && second) {
    const list = matching.map((one) => `\n  "${one.name}" with the uuid ${one.uuid}`).join("");
    return { kind: "several", reason: `"${wanted}" is the name of one VM and the uuid of another:${list}` };
  }
  if (domain?.uuid === DOM0)
    return { kind: "missing", reason: `"${domain.name}" is the control domain: the host itself` };
  if (domain) return { kind: "found", vm: { name: domain.name, key: domain.uuid, running: domain.running, domain } };
  const known = libvirt.domains.filter((one) => one.uuid !== DOM0).map((one) => `\n  "${one.name}" ${one.uuid}`);
  return {
    kind: "missing",
    reason: `the host has no VM "${wanted}". Name one by its name or its uuid. The VMs of ${libvirt.uri} are:${known.join("") || " none"}`,
  };
}

/** What the VM will get at its next start. */
export function inConfig(domain: LibvirtDomain, address: PciAddress): PciHostdev | undefined {
  return domain.persistent ? domain.config.hostdevs.find((one) => one.address === address) : undefined;
}

/** What the running VM has. */
export function inRunning(domain: LibvirtDomain, address: PciAddress): PciHostdev | undefined {
  return domain.live?.hostdevs.find((one) => one.address === address);
}

/** libvirt takes uuids with dashes and without (src/util/viruuid.c, virUUIDParse). */
function uuidOf(text: string): string | undefined {
  const digits = text.replaceAll("-", "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : undefined;
}
