import type { HostFacts } from "../../../provider/facts/host-facts";
import type { Processes } from "../../../provider/facts/processes";
import { inUseByVm } from "../../../provider/plan/guards/in-use-by-vm";
import { kvm, withDriver } from "../kvm-host";
import { address, LAB, listed, target, UNLISTED } from "../recorded-host";

const NIC = address("01:00.0");

function judge(facts: HostFacts, change: "moved" | "given live" | "given in the configuration") {
  const vm = { name: "web", uuid: undefined };
  const scope = change === "given live" ? ("live" as const) : ("config" as const);
  return inUseByVm.judge({
    facts,
    taken: [],
    lost: [],
    moved: change === "moved" ? [NIC] : [],
    given: change === "moved" ? [] : [{ address: NIC, vm, scope }],
    target: target("01:00.0"),
    expect: [],
    program: [],
  });
}

const UNREADABLE = { name: "db", uuid: undefined, reason: '"virsh domuuid" has no answer' };
const XEN: HostFacts = { ...LAB, domains: listed() };
const silentXapi = {
  brand: "XenServer",
  hostUuid: "",
  coordinator: undefined,
  answer: { kind: "silent", said: "Connection refused" },
} as const;

const unknown: readonly [string, HostFacts, RegExp][] = [
  [
    "libvirt is silent",
    { ...kvm([]), libvirt: { kind: "silent", uri: "qemu:///system", said: "" } },
    /may have 0000:01:00\.0: libvirt does not answer.*Start it/,
  ],
  [
    "libvirt cannot tell of a VM",
    kvm([], { unreadable: [{ ...UNREADABLE, mayRun: true }] }),
    /may have 0000:01:00\.0: libvirt lists the VM "db"/,
  ],
  [
    "Xen's domains are listed by no toolstack",
    { ...XEN, xen: XEN.xen && { ...XEN.xen, xl: false } },
    /neither xl nor xm lists its domains\. Install xl/,
  ],
  ["xl list fails", { ...XEN, domains: UNLISTED }, /"xl list" failed three times, so the running VMs are unknown/],
  ["XAPI is down", { ...XEN, xapi: silentXapi }, /XAPI does not answer\. xe says: Connection refused/],
];
describe.each(unknown)("where %s", (_, host, reason) => {
  // vfio would show in the processes of the host, which are listed.
  const facts = withDriver(host, NIC, host.xen ? "pciback" : "pci-stub");
  test.each(["moved", "given live"] as const)("a device on a stub driver is not %s", (change) => {
    expect(judge(facts, change)).toEqual([expect.stringMatching(reason)]);
  });
  test("one that a driver of the host serves can be moved: no VM has it", () => {
    expect(judge(withDriver(host, NIC, "e1000e"), "moved")).toEqual([]);
  });
  test("a configuration can still get one", () => {
    expect(judge(facts, "given in the configuration")).toEqual([]);
  });
});

const SILENT: HostFacts = { ...kvm([]), libvirt: { kind: "silent", uri: "qemu:///system", said: "" } };
/** One process, which runs a VM and has a file open. */
const listedProcesses = (file: string, vmName?: string): Processes => ({
  kind: "listed",
  processes: [
    {
      pid: 4711,
      name: "qemu-system-x86",
      runsVm: true,
      vmName,
      opened: [{ file, iommuGroup: /\/(\d+)$/.exec(file)?.[1], address: undefined }],
    },
  ],
});

describe.each(["vfio-pci", "mlx5_vfio_pci"])("a device on %s while libvirt is silent", (driver) => {
  const facts = withDriver(SILENT, NIC, driver);
  test("is free when no process has its IOMMU group open", () => {
    expect(judge({ ...facts, processes: listedProcesses("/dev/vfio/9") }, "moved")).toEqual([]);
  });
  test("is held by the process that has it open", () => {
    expect(judge({ ...facts, processes: listedProcesses("/dev/vfio/8") }, "moved")).toEqual([
      expect.stringMatching(/"qemu-system-x86" \(process 4711, which has \/dev\/vfio\/8 open\) has 0000:01:00\.0 now/),
    ]);
  });
  test("may be held when the host does not list its processes", () => {
    expect(judge({ ...facts, processes: { kind: "unlisted" } }, "moved")).toEqual([
      expect.stringMatching(/libvirt does not answer/),
    ]);
  });
});

test("a VM can get more functions of an IOMMU group that its own process has open", () => {
  const facts = withDriver(kvm([]), NIC, "vfio-pci");
  expect(judge({ ...facts, processes: listedProcesses("/dev/vfio/8", "db") }, "given live")).toHaveLength(1);
  expect(judge({ ...facts, processes: listedProcesses("/dev/vfio/8", "web") }, "given live")).toEqual([]);
});

const known: readonly [string, HostFacts][] = [
  ["libvirt lists all its VMs", kvm([])],
  ["the VM that cannot be read does not run", kvm([], { unreadable: [{ ...UNREADABLE, mayRun: false }] })],
  ["xl lists all domains", XEN],
  [
    "xm lists all domains",
    { ...XEN, xen: XEN.xen && { ...XEN.xen, xl: false }, xend: { answers: true, commands: [] } },
  ],
];
test.each(known)("where %s, a device on a stub driver can be moved", (_, host) => {
  expect(judge(withDriver(host, NIC, "vfio-pci"), "moved")).toEqual([]);
});
