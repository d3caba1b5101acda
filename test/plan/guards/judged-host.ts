import type { HostFacts } from "../../../provider/facts/host-facts";
import { networkFact } from "../../../provider/facts/network";
import { networkStorageFact } from "../../../provider/facts/network-storage";
import { pciDevicesFact } from "../../../provider/facts/pci-devices";
import { type Judgement, judge } from "../../../provider/plan/guards/guards";
import { address, LAB, target } from "../recorded-host";

/** A link into /sys/devices as `print_links` prints it. */
export const link = (path: string, to: string) => `${path} -> /sys/devices/${to}`;

/** sysfs path, class and driver of the functions of the host that cases are about. */
const FUNCTIONS = [
  ["pci0000:00/0000:00:1c.0", "060400", "pcieport"],
  ["pci0000:00/0000:00:1c.0/0000:04:00.0", "020000", "igb"],
  ["pci0000:00/0000:00:1c.1/0000:05:00.0", "020000", "e1000e"],
  ["pci0000:00/0000:00:1c.2/0000:06:00.0", "020000", "vfio-pci"],
  ["pci0000:00/0000:00:0e.0", "010400", "vmd"],
  ["pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0", "020000", "ixgbe"],
  ["pci0000:00/0000:00:14.0", "0c0330", "xhci_hcd"],
  ["pci0000:00/0000:00:02.0", "030000", "i915"],
  ["pci0000:00/0000:00:01.0/0000:01:00.0", "030000", "nvidia"],
  ["pci0000:00/0000:00:16.3", "070002", "serial"],
] as const;

const PCI = FUNCTIONS.flatMap(([path, pciClass, driver]) => {
  const device = `/sys/bus/pci/devices/${path.slice(path.lastIndexOf("/") + 1)}`;
  return [
    link(device, path),
    `${device}/driver -> /sys/bus/pci/drivers/${driver}`,
    ...["vendor", "device", "subsystem_vendor", "subsystem_device"].map((file) => `${device}/${file}:0x8086`),
    `${device}/class:0x${pciClass}`,
  ];
});

/** What a host answers to the questions of a case; the others are answered as by a host without any of it. */
export interface Answers {
  /** The address that the SSH session reached; undefined when sshd does not say. */
  readonly session?: string | undefined;
  readonly network?: readonly string[];
  readonly networkStorage?: readonly string[];
  readonly more?: Partial<HostFacts>;
}

const text = (lines: readonly string[] = []) => ({ text: lines.join("\n"), exitCode: 0 });

/** The facts of a host that answers so. */
export function hostThatAnswers({ session, network, networkStorage, more }: Answers): HostFacts {
  return {
    ...LAB,
    machine: { ...LAB.machine, sshServerAddress: session },
    pciDevices: pciDevicesFact.parse(text(PCI)),
    storage: { ...LAB.storage, uses: [] },
    network: networkFact.parse(text(network)),
    networkStorage: networkStorageFact.parse(text(networkStorage)),
    console: { ...LAB.console, displays: [], keyboards: [], serialLines: [] },
    ...more,
  };
}

/** What the guards say when the host would lose a function now. */
export function judgeLoss(facts: HostFacts, lost: string): readonly Judgement[] {
  const device = facts.pciDevices.get(address(lost));
  if (!device) throw new Error(`the host of the cases has no ${lost}`);
  return judge({
    facts,
    taken: [],
    lost: [device],
    moved: [device.address],
    given: [],
    target: target(lost),
    expect: [],
    program: [],
  }).filter(({ guard }) => !["no-iommu", "iommu-group"].includes(guard ?? ""));
}
