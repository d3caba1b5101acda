import type { TextFile } from "../boot/text-file";
import { type Fact, factsShell, readAnswers, UnreadableFactsError } from "./answers";
import { type Boot, bootFact } from "./boot";
import { claimsFact, type KeyedClaim, type UnreadableClaim } from "./claims";
import { type Console, consoleFact } from "./console";
import { type Domain, domainsFact } from "./domains";
import { type GuestComplaints, guestComplaintsFact } from "./guest-complaints";
import { type Iommu, iommuFact } from "./iommu";
import { type Libvirt, libvirtFact } from "./libvirt";
import { type Machine, machineFact } from "./machine";
import { modprobeFact } from "./modprobe";
import { modprobeConfFact } from "./modprobe-conf";
import { type NetworkInterface, networkFact } from "./network";
import { type PciDevices, pciDevicesFact } from "./pci-devices";
import { type Pciback, pcibackFact } from "./pciback";
import { type PcibackConf, pcibackConfFact } from "./pciback-conf";
import { type Removal, removalsFact } from "./removals";
import { type Selinux, selinuxFact } from "./selinux";
import { type StorageUse, storageFact } from "./storage";
import { type StubModules, stubModulesFact } from "./stub-modules";
import { type VirtualFunctions, virtualFunctionsFact } from "./virtual-functions";
import { vmConfigsFact } from "./vm-configs";
import { type Xapi, xapiFact } from "./xapi";
import { type Xen, xenFact } from "./xen";
import { type XenCmdline, xenCmdlineFact } from "./xen-cmdline";
import { type Xend, xendFact } from "./xend";

/** Everything that this project wants to know of a host, read in one round trip. */
export interface HostFacts {
  readonly machine: Machine;
  readonly pciDevices: PciDevices;
  readonly storage: readonly StorageUse[];
  readonly network: readonly NetworkInterface[];
  readonly console: Console;
  readonly pciback: Pciback;
  readonly modprobe: readonly TextFile[];
  readonly modprobeConf: TextFile | undefined;
  readonly pcibackConf: PcibackConf;
  readonly boot: Boot;
  readonly xen: Xen | undefined;
  readonly xend: Xend | undefined;
  readonly domains: readonly Domain[];
  readonly guestComplaints: GuestComplaints;
  readonly vmConfigs: readonly TextFile[];
  readonly libvirt: Libvirt | undefined;
  readonly selinux: Selinux | undefined;
  readonly stubModules: StubModules;
  /** On XenServer and XCP-ng alone. */
  readonly xapi: Xapi | undefined;
  readonly xenCmdline: XenCmdline | undefined;
  readonly claims: readonly (KeyedClaim | UnreadableClaim)[];
  readonly removals: readonly Removal[];
  readonly virtualFunctions: VirtualFunctions;
  readonly iommu: Iommu;
}

type Facts = { readonly [name in keyof HostFacts]: Fact<HostFacts[name]> };

/** What the facts of a host are asked for, besides what is asked always. */
export interface Questions {
  /** VM configuration files outside /etc/xen that the program names. */
  readonly vmConfigPaths: readonly string[];
  /** Whether libvirt counts although the host has another toolstack. */
  readonly libvirt: boolean;
}

function factsFor(questions: Questions): Facts {
  return {
    machine: machineFact,
    pciDevices: pciDevicesFact,
    storage: storageFact,
    network: networkFact,
    console: consoleFact,
    pciback: pcibackFact,
    modprobe: modprobeFact,
    modprobeConf: modprobeConfFact,
    pcibackConf: pcibackConfFact,
    boot: bootFact,
    xen: xenFact,
    xend: xendFact,
    domains: domainsFact,
    guestComplaints: guestComplaintsFact,
    vmConfigs: vmConfigsFact(questions.vmConfigPaths),
    libvirt: libvirtFact(questions.libvirt),
    selinux: selinuxFact,
    stubModules: stubModulesFact,
    xapi: xapiFact,
    xenCmdline: xenCmdlineFact,
    claims: claimsFact,
    removals: removalsFact,
    virtualFunctions: virtualFunctionsFact,
    iommu: iommuFact,
  };
}

/** Shell that defines the function `facts`, which prints all answers. */
export function hostFactsShell(questions: Questions): string {
  return factsShell(Object.values(factsFor(questions)));
}

/** Reads what `facts` printed. Throws UnreadableFactsError. */
export function readHostFacts(printed: string): HostFacts {
  const answers = readAnswers(printed);
  const read = <T>(fact: Fact<T>): T => {
    const answer = answers.get(fact.name);
    if (!answer) throw new UnreadableFactsError(`the answer of the host lacks "${fact.name}"`);
    return fact.parse(answer);
  };
  const facts = factsFor({ vmConfigPaths: [], libvirt: false });
  return {
    machine: read(facts.machine),
    pciDevices: read(facts.pciDevices),
    storage: read(facts.storage),
    network: read(facts.network),
    console: read(facts.console),
    pciback: read(facts.pciback),
    modprobe: read(facts.modprobe),
    modprobeConf: read(facts.modprobeConf),
    pcibackConf: read(facts.pcibackConf),
    boot: read(facts.boot),
    xen: read(facts.xen),
    xend: read(facts.xend),
    domains: read(facts.domains),
    guestComplaints: read(facts.guestComplaints),
    vmConfigs: read(facts.vmConfigs),
    libvirt: read(facts.libvirt),
    selinux: read(facts.selinux),
    stubModules: read(facts.stubModules),
    xapi: read(facts.xapi),
    xenCmdline: read(facts.xenCmdline),
    claims: read(facts.claims),
    removals: read(facts.removals),
    virtualFunctions: read(facts.virtualFunctions),
    iommu: read(facts.iommu),
  };
}
