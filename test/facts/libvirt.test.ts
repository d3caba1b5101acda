import { libvirtFact } from "../../provider/facts/libvirt";
import { selinuxFact } from "../../provider/facts/selinux";
import { isStubDriver, standsFor, stubDriversFact } from "../../provider/facts/stub-drivers";
import { recordedFacts } from "../recorded/recorded-facts";

const NIC = { address: "0000:01:00.0", managed: false, guestAddress: { bus: 2, slot: 0, function: 0 } };
const parse = (text: string) => libvirtFact.parse({ text, exitCode: 0 });
/** An answer of the two VMs that `SAID` lists; `end` is the list once more, behind the XML. */
const answer = ({ said = SAID, infos = INFO, xmls = XML, end = [VM1, VM2] }) =>
  parse(
    [
      "uri qemu:///system",
      lines("said", said),
      lines("info", infos),
      lines("xml", xmls),
      ...end.map((uuid) => `xml ${uuid}`),
      "",
    ].join("\n"),
  );
const VM1 = "34138775-b440-45f8-883a-f2520e0acbf2";
const VM2 = "16c97872-161d-4eb1-9da1-5a0deb27a9aa";
const lines = (word: string, text: string) => text.replace(/^/gm, `${word} `);

/**
 * What virsh of Debian 12 printed on the lab host (libvirt 9.0, KVM): `version; help attach-device; list --all --uuid`.
 */
const SAID = `Compiled against library: libvirt 9.0.0
Using library: libvirt 9.0.0
Using API: QEMU 9.0.0
Running hypervisor: QEMU 7.2.22

  NAME
    attach-device - attach device from an XML file

  SYNOPSIS
    attach-device <domain> <file> [--persistent] [--config] [--live] [--current]

  OPTIONS
    [--file] <string>  XML file
    --persistent     make live change persistent
    --config         affect next boot
    --live           affect running domain
    --current        affect current domain

34138775-b440-45f8-883a-f2520e0acbf2
16c97872-161d-4eb1-9da1-5a0deb27a9aa
`;
/** `dominfo` and `snapshot-list` of a running VM without and of a VM that is off, with a snapshot. */
const INFO = `Id:             3
Name:           vm1
UUID:           34138775-b440-45f8-883a-f2520e0acbf2
OS Type:        hvm
State:          paused
CPU(s):         1
CPU time:       7.3s
Persistent:     no
Autostart:      disable
Managed save:   no
Security model: none
Security DOI:   0

 Name   Creation Time   State
-------------------------------

Id:             -
Name:           vm2
UUID:           16c97872-161d-4eb1-9da1-5a0deb27a9aa
OS Type:        hvm
State:          shut off
Persistent:     yes
Managed save:   yes

 Name   Creation Time               State
---------------------------------------------
 s1     2026-11-21 10:45:10 +0000   shutoff

`;
const xml = (name: string, uuid: string, devices = "") =>
  `<domain type='qemu'>\n  <name>${name}</name>\n  <uuid>${uuid}</uuid>\n  <devices>${devices}</devices>\n</domain>\n`;
const HOSTDEV = "<hostdev mode='subsystem' type='pci' managed='yes'><source><address bus='0x03'/></source></hostdev>";
const XML = [
  xml("vm1", "34138775-b440-45f8-883a-f2520e0acbf2"),
  xml("vm1", "34138775-b440-45f8-883a-f2520e0acbf2", HOSTDEV),
  xml("vm2", "16c97872-161d-4eb1-9da1-5a0deb27a9aa"),
  xml("vm2", "16c97872-161d-4eb1-9da1-5a0deb27a9aa"),
].join("\n");

test("a real host with KVM: its guests, their devices, the IOMMU groups", () => {
  const { libvirt, pciDevices, selinux, stubDrivers, xen } = recordedFacts("debian12-kvm");
  const domains = libvirt?.kind === "answers" ? libvirt.domains : [];
  expect(domains.map(({ name, running, config, live }) => [name, running, config.hostdevs, live?.hostdevs])).toEqual([
    ["vm1", true, [expect.objectContaining(NIC)], [expect.objectContaining(NIC)]],
    ["vm2", false, [expect.objectContaining({ address: "0000:03:00.0", managed: true })], undefined],
  ]);
  const inGroup = [...pciDevices.values()].filter((device) => device.iommuGroup === "8");
  expect(inGroup.map((device) => [device.address, device.driver])).toEqual([
    ["0000:01:00.0", "vfio-pci"],
    ["0000:01:00.1", "vfio-pci"],
  ]);
  expect([selinux, xen]).toEqual([undefined, undefined]);
  expect([...stubDrivers.forms].sort()).toEqual([
    ["pci-stub", "module"],
    ["vfio-pci", "module"],
  ]);
});

test("what libvirt 9.0 says of its VMs", () => {
  expect(answer({})).toMatchObject({
    kind: "answers",
    uri: "qemu:///system",
    version: { major: 9, minor: 0, micro: 0 },
    separateScopes: true,
    domains: [
      {
        name: "vm1",
        running: true,
        paused: true,
        persistent: false,
        saved: false,
        snapshots: 0,
        config: { hostdevs: [] },
        live: { hostdevs: [{ address: "0000:03:00.0" }] },
      },
      { name: "vm2", running: false, paused: false, persistent: true, saved: true, snapshots: 1, live: undefined },
    ],
  });
});

test("a VM that is gone between two questions is left out", () => {
  expect(answer({ xmls: xml("vm2", VM2).repeat(2), end: [VM2] })).toMatchObject({
    domains: [{ name: "vm2" }],
    unreadable: [],
  });
});

const [INFO1 = "", INFO2 = ""] = INFO.split(/^(?=Id:)/m);
const partial: readonly [string, Parameters<typeof answer>[0], readonly object[], readonly string[]][] = [
  [
    "no dominfo",
    { infos: INFO2 },
    [{ name: VM1, uuid: VM1, mayRun: true, reason: expect.stringContaining("dominfo") }],
    ["vm2"],
  ],
  [
    "no XML",
    { xmls: xml("vm2", VM2).repeat(2) },
    [{ name: "vm1", mayRun: true, reason: expect.stringContaining("dumpxml") }],
    ["vm2"],
  ],
  [
    "one XML of two",
    { xmls: `${xml("vm1", VM1)}${xml("vm2", VM2).repeat(2)}` },
    [{ name: "vm1", mayRun: true }],
    ["vm2"],
  ],
  ["no answer at all", { infos: "", xmls: "", end: [] }, [{ name: VM1 }, { name: VM2 }], []],
  ["XML that is cut off", { xmls: XML.slice(0, -60), end: [] }, [{ name: "vm2", mayRun: false }], ["vm1"]],
  [
    "a VM with a device that cannot be understood",
    { xmls: `${xml("vm1", VM1).repeat(2)}${xml("vm2", VM2, "<hostdev type='pci' mode='subsystem'/>").repeat(2)}` },
    [
      {
        name: "vm2",
        uuid: VM2,
        mayRun: false,
        reason: expect.stringContaining("its <hostdev> 1 cannot be understood"),
      },
    ],
    ["vm1"],
  ],
  [
    "an old virsh that has no uuid for a VM",
    { said: `${SAID}unknown web 1` },
    [{ name: "web 1", uuid: undefined, mayRun: true }],
    ["vm1", "vm2"],
  ],
  [
    "what is wrong with a VM that is off",
    { infos: `${INFO1.replace("Id:             3", "Id:             -")}${INFO2}`, xmls: xml("vm2", VM2).repeat(2) },
    [{ name: "vm1", mayRun: false }],
    ["vm2"],
  ],
];
test.each(partial)("a partial answer names the VMs that are unknown: %s", (_, given, unreadable, domains) => {
  const read = answer(given);
  expect(read).toMatchObject({ kind: "answers", unreadable });
  expect(read?.kind === "answers" && read.domains.map(({ name }) => name)).toEqual(domains);
});

const silent: readonly [string, string, object | undefined][] = [
  ["a host without virsh", "", undefined],
  ["beside xl, when the program does not name it", "not-asked\n", { kind: "not-asked" }],
  [
    "a daemon that is down (seen with libvirt 9.0)",
    "uri qemu:///system\nsaid error: failed to connect to the hypervisor\nsaid error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory\n",
    {
      kind: "silent",
      uri: "qemu:///system",
      said: "failed to connect to the hypervisor\nFailed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
    },
  ],
  [
    "a daemon that hangs (libvirt's Xen driver on a processor that it does not know)",
    "uri xen:///system\nsaid \n",
    { kind: "silent", uri: "xen:///system", said: "" },
  ],
  [
    "a daemon that cannot list its VMs",
    `uri qemu:///system\nnot-listed\n${lines("said", `${SAID}error: Failed to list domains`)}\n`,
    { kind: "silent", uri: "qemu:///system", said: "Failed to list domains" },
  ],
];
test.each(silent)("%s", (_, text, expected) => {
  expect(parse(text)).toEqual(expected);
});

const selinux: readonly [string, string, object | undefined][] = [
  ["no SELinux", "", undefined],
  ["switched off", "Disabled\n", undefined],
  ["enforcing, the boolean off", "Enforcing\nvirt_use_sysfs --> off\n", { mode: "enforcing", virtUseSysfs: false }],
  ["permissive, the boolean on", "Permissive\nvirt_use_sysfs --> on\n", { mode: "permissive", virtUseSysfs: true }],
  ["a policy without the boolean", "Enforcing\n", { mode: "enforcing", virtUseSysfs: undefined }],
];
test.each(selinux)("SELinux: %s", (_, text, expected) => {
  expect(selinuxFact.parse({ text, exitCode: 0 })).toEqual(expected);
});

const modules: readonly [string, string, readonly (readonly [string, string])[]][] = [
  [
    "Debian 12",
    "module /lib/modules/6.1.0-56-amd64/kernel/drivers/vfio/pci/vfio-pci.ko\nmodule /lib/modules/6.1.0-56-amd64/kernel/drivers/pci/pci-stub.ko\n/lib/modules/6.1.0-56-amd64/modules.dep:kernel/drivers/pci/pci-stub.ko\n/lib/modules/6.1.0-56-amd64/modules.dep:kernel/drivers/vfio/pci/vfio-pci.ko\n",
    [
      ["vfio-pci", "module"],
      ["pci-stub", "module"],
    ],
  ],
  [
    "compressed modules, and another module with such a name",
    "module /lib/modules/6.6/kernel/drivers/vfio/pci/vfio-pci.ko.xz\n/lib/modules/6.6/modules.dep:kernel/drivers/pci/pci-pf-stub.ko\n",
    [["vfio-pci", "module"]],
  ],
  ["a variant of vfio-pci alone", "/lib/modules/6.6/modules.dep:kernel/drivers/vfio/pci/mlx5/mlx5-vfio-pci.ko\n", []],
  [
    "built in, as in RHEL 6",
    "/lib/modules/2.6.32/modules.builtin:kernel/drivers/pci/pci-stub.ko\n",
    [["pci-stub", "builtin"]],
  ],
  ["registered, from before modules.builtin", "registered pci-stub\n", [["pci-stub", "builtin"]]],
  [
    "registered, from a module",
    "registered vfio-pci\n/lib/modules/6.1/modules.dep:updates/vfio-pci.ko\n",
    [["vfio-pci", "module"]],
  ],
];
test.each(modules)("stub drivers: %s", (_, text, expected) => {
  expect([...stubDriversFact.parse({ text, exitCode: 0 }).forms]).toEqual(expected);
});

test("variants of vfio-pci are those that modules.alias names", () => {
  const text = [
    "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci",
    "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci",
    "alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci",
  ].join("\n");
  const stubDrivers = stubDriversFact.parse({ text, exitCode: 0 });
  expect([...stubDrivers.variants]).toEqual(["mlx5_vfio_pci", "nvgrace_gpu_vfio_pci"]);
  const facts = { stubDrivers };
  const drivers = ["vfio-pci", "mlx5_vfio_pci", "nvgrace-gpu-vfio-pci", "pciback", "mlx5_core", undefined];
  expect(drivers.map((driver) => isStubDriver(facts, driver))).toEqual([true, true, true, true, false, false]);
  expect(drivers.map((driver) => standsFor(facts, driver, "vfio-pci"))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
