import { keptByText } from "../kept-by-text";
import {
  type Fact,
  factsShell,
  type Questions,
  questionsShell,
  REMEDY,
  readAnswer,
  type Subject,
  sectionsOf,
  UnreadableFactsError,
} from "./answers";
import { bootFact } from "./boot";
import { claimsFact } from "./claims";
import { consoleFact } from "./console";
import { domainsFact } from "./domains";
import { filesFact } from "./files-fact";
import { guestComplaintsFact } from "./guest-complaints";
import { iommuFact } from "./iommu";
import { libvirtFact } from "./libvirt";
import { machineFact } from "./machine";
import { networkFact, ROUTE_TO } from "./network";
import { networkStorageFact } from "./network-storage";
import { pciDevicesFact, withKnownNames } from "./pci-devices";
import { pcibackFact, withKnownModules } from "./pciback";
import { pcibackConfFact } from "./pciback-conf";
import { OPEN_FILES, processesFact } from "./processes";
import { removalsFact } from "./removals";
import { selinuxFact } from "./selinux";
import { storageFact } from "./storage";
import { stubDriversFact } from "./stub-drivers";
import { PRINT_SYSFS } from "./sysfs";
import { PRINT_FILES } from "./text-files";
import { unfinishedRunsFact } from "./unfinished-runs";
import { usbDevicesFact } from "./usb-devices";
import { virtualFunctionsFact } from "./virtual-functions";
import { xapiFact } from "./xapi";
import { xenFact } from "./xen";
import { xenCmdlineFact } from "./xen-cmdline";
import { xendFact } from "./xend";

/** Everything that is asked of a host, by the name that plans know it by. The whole list is read in one round trip. */
export const FACTS = {
  machine: machineFact,
  pciDevices: pciDevicesFact,
  storage: storageFact,
  network: networkFact,
  networkStorage: networkStorageFact,
  console: consoleFact,
  usbDevices: usbDevicesFact,
  pciback: pcibackFact,
  files: filesFact,
  pcibackConf: pcibackConfFact,
  boot: bootFact,
  xen: xenFact,
  xend: xendFact,
  domains: domainsFact,
  processes: processesFact,
  guestComplaints: guestComplaintsFact,
  libvirt: libvirtFact,
  selinux: selinuxFact,
  stubDrivers: stubDriversFact,
  xapi: xapiFact,
  xenCmdline: xenCmdlineFact,
  claims: claimsFact,
  removals: removalsFact,
  unfinishedRuns: unfinishedRunsFact,
  virtualFunctions: virtualFunctionsFact,
  iommu: iommuFact,
};

/** What the host answered to each question of `FACTS`. */
export type HostFacts = Parsed<typeof FACTS>;

type Parsed<Facts> = { readonly [name in keyof Facts]: Facts[name] extends Fact<infer T> ? T : never };

/** Shell that defines the function `facts`, which prints all answers. */
export function hostFactsShell(questions: Questions): string {
  return [PRINT_SYSFS, PRINT_FILES, ROUTE_TO, OPEN_FILES, factsShell(Object.values(FACTS), questions)].join("\n");
}

/** Shell after which the function `facts` prints what is about these. */
export function askAgainAbout(subjects: readonly Subject[]): string {
  return questionsShell(factsAbout(subjects).map(({ fact }) => fact));
}

/** Reads what the shell function `facts` printed. Throws UnreadableFactsError. */
export function readHostFacts(printed: string): HostFacts {
  // TypeScript cannot type a loop over fields of different types. `Parsed` says of each field what this loop puts
  // there.
  return readFacts(printed, READABLE) as HostFacts;
}

/** The facts after a change of these subjects, of which `facts` printed anew what is about them. Throws UnreadableFactsError. */
export function readChangedFacts(printed: string, subjects: readonly Subject[], before: HostFacts): HostFacts {
  const facts: HostFacts = { ...before, ...readFacts(printed, factsAbout(subjects)) };
  if (!subjects.includes("functions")) return facts;
  const pciDevices = withKnownNames(facts.pciDevices, before.pciDevices);
  return { ...facts, pciDevices, pciback: withKnownModules(facts.pciback, pciDevices, before) };
}

/** As many unlike hosts as are read at once, and again after each change, when most of what they say is as before. */
const MOST_KEPT = 64;

const READABLE = Object.entries<Fact<unknown>>(FACTS).map(([name, fact]) => ({
  name,
  fact,
  read: keptByText(MOST_KEPT, (section) => ({ value: fact.parse(readAnswer(section)) })),
}));

function factsAbout(subjects: readonly Subject[]): typeof READABLE {
  return READABLE.filter(({ fact }) => fact.about.some((subject) => subjects.includes(subject)));
}

function readFacts(printed: string, readable: typeof READABLE): Readonly<Record<string, unknown>> {
  const sections = sectionsOf(printed);
  // What was not asked for must be whole, too: it may be a part of another answer.
  for (const [name, section] of sections) if (!readable.some(({ fact }) => fact.name === name)) readAnswer(section);
  return Object.fromEntries(
    readable.map(({ name, fact, read }) => {
      const section = sections.get(fact.name);
      if (section === undefined) throw new UnreadableFactsError(`the host's answer lacks "${fact.name}". ${REMEDY}`);
      return [name, read(section).value] as const;
    }),
  );
}
