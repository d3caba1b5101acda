import type { HostFacts } from "../../provider/facts/host-facts";
import { neither } from "../../provider/plan/effect";
import { keyOf, planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { AssignWish, AttachWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { attach } from "./attach-wish";
import { hostdev, kvm, uuidOf, vm, withDriver } from "./kvm-host";
import { address, LAB, ownedBy, target } from "./recorded-host";

const DEV = ownedBy("dev", "token-1");
const NVME = "03:00.0";
const NIC = "01:00.0";

const assign = (device: string, more: Partial<AssignWish> = {}): AssignWish => ({
  kind: "AssignableDevice",
  toolstack: undefined,
  target: target(device),
  expect: [],
  allow: [],
  driver: undefined,
  group: false,
  ...more,
});
const plan = (facts: HostFacts, wish: AttachWish | AssignWish) => planPresent(facts, wish, DEV);
const reasons = (facts: HostFacts, wish: AttachWish | AssignWish) =>
  plan(facts, wish)
    .refusals.map((refusal) => refusal.message)
    .join("\n");
const changes = (facts: HostFacts, wish: AttachWish) =>
  plan(facts, wish).steps.flatMap((step) =>
    step.kind === "virsh-attach" || step.kind === "virsh-detach"
      ? [`${step.kind} ${step.to} ${step.hostdev.address} managed=${step.hostdev.managed ? "yes" : "no"}`]
      : [],
  );
const running = (devices = "") => vm("web", devices, { running: true });
const q35 = (ports: number, devices = "") =>
  `<controller type='pci' index='0' model='pcie-root'/>${Array.from({ length: ports }, (_, index) => `<controller type='pci' index='${index + 1}' model='pcie-root-port'/>`).join("")}${devices}`;

const found: readonly [string, HostFacts, AttachWish | AssignWish][] = [
  ["a function of a group of its own", kvm([]), assign(NVME)],
  ["a whole group", kvm([]), assign(NIC, { group: true })],
  ["a device of a VM that is off", kvm([vm("web")]), attach(NVME, "web")],
  ["a device of a running VM", kvm([running()]), attach(NVME, "web")],
  ["a device of a transient VM", kvm([vm("web", "", { running: true, persistent: false })]), attach(NVME, "web")],
  ["a device beside others", kvm([vm("web", hostdev(2))]), attach(NVME, uuidOf("web").toUpperCase())],
  [
    "a device where SELinux forbids it",
    { ...kvm([vm("web")]), selinux: { mode: "enforcing", virtUseSysfs: false } },
    attach(NVME, "web"),
  ],
];
describe.each(found)("%s", (_, facts, wish) => {
  const present = plan(facts, wish);
  const after = simulate(facts, present.steps);

  test("is planned, and nothing is left to do after it", () => {
    expect(present.refusals).toEqual([]);
    expect(present.steps).not.toEqual([]);
    expect(plan(after, wish).steps).toEqual([]);
    expect(statusOfWish(after, wish, keyOf(after, wish) ?? "").active || wish.kind === "VmPciAttachment").toBe(true);
  });

  test("ends with everything as it was", () => {
    const end = simulate(after, planAbsent(after, wish, DEV).steps);
    expect(end.libvirt).toEqual(facts.libvirt);
    expect(end.pciDevices).toEqual(facts.pciDevices);
    expect([end.claims, end.selinux]).toEqual([facts.claims, facts.selinux]);
  });
});

const scopes: readonly [string, HostFacts, AttachWish, readonly string[]][] = [
  ["auto, off", kvm([vm("web")]), attach(NVME, "web"), ["virsh-attach config 0000:03:00.0 managed=yes"]],
  [
    "auto, running",
    kvm([running()]),
    attach(NVME, "web"),
    ["virsh-attach config 0000:03:00.0 managed=yes", "virsh-attach live 0000:03:00.0 managed=yes"],
  ],
  [
    "config, running",
    kvm([running()]),
    attach(NVME, "web", { scope: "config" }),
    ["virsh-attach config 0000:03:00.0 managed=yes"],
  ],
  [
    "live, running",
    kvm([running()]),
    attach(NVME, "web", { scope: "live" }),
    ["virsh-attach live 0000:03:00.0 managed=yes"],
  ],
  ["auto, running, there by hand", kvm([running(hostdev(3))]), attach(NVME, "web"), []],
  [
    "auto, running, with a part of a group",
    kvm([running()]),
    attach("0000:01:00", "web"),
    ["virsh-attach config 0000:01:00.0 managed=yes", "virsh-attach config 0000:01:00.1 managed=yes"],
  ],
  [
    "auto, running, paused",
    kvm([vm("web", "", { running: true, paused: true })]),
    attach(NVME, "web"),
    ["virsh-attach config 0000:03:00.0 managed=yes"],
  ],
  [
    "auto, running, no free root port",
    kvm([running(q35(1, `<interface type='x'><address type='pci' bus='0x01' slot='0x00'/></interface>`))]),
    attach(NVME, "web"),
    ["virsh-attach config 0000:03:00.0 managed=yes"],
  ],
  [
    "auto, running, on RHEL 5",
    { ...kvm([running()]), machine: { ...LAB.machine, kernelRelease: "2.6.18-190.el5" } },
    attach(NVME, "web"),
    ["virsh-attach config 0000:03:00.0 managed=yes"],
  ],
];
test.each(scopes)("%s", (_, facts, wish, expected) => {
  expect(plan(facts, wish).refusals).toEqual([]);
  expect(changes(facts, wish)).toEqual(expected);
});

test("libvirt does not manage what an AssignableDevice keeps, whether it is there or declared", () => {
  const facts = kvm([vm("web")]);
  const kept = simulate(facts, plan(facts, assign(NVME)).steps);
  expect(changes(kept, attach(NVME, "web"))).toEqual(["virsh-attach config 0000:03:00.0 managed=no"]);
  const declaration = { kind: "AssignableDevice" as const, label: "nvme", target: target(NVME), vm: undefined };
  const { steps } = planPresent(facts, attach(NVME, "web"), { ...DEV, program: [declaration] });
  expect(steps).toContainEqual(expect.objectContaining({ hostdev: expect.objectContaining({ managed: false }) }));
});

test("an entry of ours changes when an AssignableDevice comes later; one of somebody else stays", () => {
  const facts = kvm([vm("web")]);
  const attached = simulate(facts, plan(facts, attach(NVME, "web")).steps);
  const kept = simulate(attached, plan(attached, assign(NVME)).steps);
  expect(changes(kept, attach(NVME, "web"))).toEqual([
    "virsh-detach config 0000:03:00.0 managed=yes",
    "virsh-attach config 0000:03:00.0 managed=no",
  ]);
  const byHand = kvm([vm("web", hostdev(3))]);
  const keptByHand = simulate(byHand, plan(byHand, assign(NVME)).steps);
  expect(changes(keptByHand, attach(NVME, "web"))).toEqual([]);
  expect(plan(keptByHand, attach(NVME, "web")).warnings.join()).toContain("with managed='yes'");
});

const full = Array.from(
  { length: 28 },
  (_, index) => `<input><address type='pci' bus='0' slot='${index + 4}'/></input>`,
).join("");
const refused: readonly [string, HostFacts, AttachWish | AssignWish, RegExp][] = [
  [
    "a part of an IOMMU group",
    kvm([]),
    assign(NIC),
    /shares the IOMMU group 8 with 0000:01:00\.1 .*driver e1000e\).*group: true/,
  ],
  ["a part of a group, for a VM", kvm([vm("web")]), attach(NIC, "web"), /shares the IOMMU group 8 .*iommu-group/],
  [
    "a VM of two names",
    kvm([vm("web"), vm(uuidOf("web"))]),
    attach(NVME, uuidOf("web")),
    /is the name of one VM and the uuid of another/,
  ],
  [
    "the control domain",
    kvm([vm("Domain-0", "", { uuid: "00000000-0000-0000-0000-000000000000" })]),
    attach(NVME, "Domain-0"),
    /is the control domain/,
  ],
  [
    "the configuration of a transient VM",
    kvm([vm("web", "", { running: true, persistent: false })]),
    attach(NVME, "web", { scope: "both" }),
    /is transient/,
  ],
  ["a saved VM", kvm([vm("web", "", { saved: true })]), attach(NVME, "web"), /is saved, .*virsh managedsave-remove/],
  [
    "a paused VM, when it must be live",
    kvm([vm("web", "", { running: true, paused: true })]),
    attach(NVME, "web", { scope: "both" }),
    /is paused/,
  ],
  [
    "a device of another running VM",
    kvm([vm("web", "", { running: true }), vm("db", hostdev(3), { running: true })]),
    attach(NVME, "web", { allow: ["configured-in-other-vm"] }),
    /the VM "db" \(running\) has 0000:03:00\.0 now/,
  ],
  [
    "a device of another VM's configuration",
    kvm([vm("web"), vm("db", hostdev(3))]),
    attach(NVME, "web"),
    /the configuration of the VM "db" has .*configured-in-other-vm/,
  ],
  [
    "a guest whose 28 slots are taken",
    kvm([vm("web", full)]),
    attach(NVME, "web"),
    /its PCI bus has 0 of 28 slots free, and 1 is needed/,
  ],
  [
    "a guest with 32 devices",
    kvm([
      vm(
        "web",
        q35(1, Array.from({ length: 32 }, (_, slot) => hostdev(4).replace("slot='0x00'", `slot='${slot}'`)).join("")),
      ),
    ]),
    attach(NVME, "web"),
    /would have 33 devices of the host, and a guest can have at most 32/,
  ],
  [
    "a slot that is taken",
    kvm([vm("web", full)]),
    attach(NVME, "web", { options: { vslot: 4 } }),
    /slot 4 of its PCI bus \(vslot\) is taken/,
  ],
  ["a slot of PCI Express", kvm([vm("web", q35(1))]), attach(NVME, "web", { options: { vslot: 4 } }), /PCI Express/],
  [
    "permissive on Xen before libvirt 6.8",
    {
      ...kvm([vm("web")], { uri: "xen:///system", version: { major: 6, minor: 7, micro: 0 } }),
      xen: { ...LAB.xen, xl: false } as HostFacts["xen"],
    },
    attach(NVME, "web", { options: { permissive: true } }),
    /libvirt 6\.7\.0 does not know the option permissive \(writeFiltering, since 6\.8\.0\)/,
  ],
  [
    "other options of a device by hand",
    { ...kvm([vm("web", hostdev(3))], { uri: "xen:///system" }), xen: { ...LAB.xen, xl: false } as HostFacts["xen"] },
    attach(NVME, "web", { options: { permissive: true } }),
    /has 0000:03:00\.0 already, with other options/,
  ],
  ["the disk of the host", kvm([vm("web")]), attach("00:02.0", "web"), /carries vda, which the host uses for \//],
  ["a bridge", kvm([vm("web")]), attach("00:05.0", "web", { allow: ["iommu-group"] }), /is a bridge/],
  [
    "a daemon that is down",
    {
      ...kvm([]),
      libvirt: {
        kind: "silent",
        uri: "qemu:///system",
        said: "failed to connect to the hypervisor\nNo such file or directory",
      },
    },
    attach(NVME, "web"),
    /libvirt does not answer.*failed to connect to the hypervisor; No such file or directory.*systemctl start libvirtd/,
  ],
  [
    "a device on another stub driver than libvirt's",
    withDriver(kvm([vm("web")]), "0000:03:00.0", "pci-stub"),
    attach(NVME, "web"),
    /is on pci-stub, but this libvirt can give VMs only devices that are on vfio-pci/,
  ],
  [
    "a daemon that hangs",
    { ...kvm([]), libvirt: { kind: "silent", uri: "qemu:///system", said: "" } },
    attach(NVME, "web"),
    /said: nothing within a minute/,
  ],
];
test.each(refused)("%s is refused", (_, facts, wish, reason) => {
  expect(reasons(facts, wish)).toMatch(reason);
});

const UNREADABLE = { name: "db", uuid: uuidOf("db"), mayRun: true, reason: "its <hostdev> 1 cannot be understood" };

test("a VM that cannot be read gets nothing, and may have the device that another VM is to get", () => {
  const facts = kvm([vm("web")], { unreadable: [UNREADABLE] });
  expect(reasons(facts, attach(NVME, "db"))).toMatch(
    /the VM "db", but what it has of the host is unknown: its <hostdev> 1/,
  );
  expect(reasons(facts, attach(NVME, "web"))).toMatch(
    /so it may have 0000:03:00\.0 too.*allow: \["configured-in-other-vm"\]/,
  );
  expect(plan(facts, attach(NVME, "web", { allow: ["configured-in-other-vm"] })).refusals).toEqual([]);
  // Where a VM runs, it may have the disk without the device, too.
  const vmProcess = { pid: 4711, name: "qemu-system-x86", runsVm: true, vmName: "db", opened: [] };
  const running: HostFacts = { ...facts, processes: { kind: "listed", processes: [vmProcess] } };
  expect(reasons(running, attach(NVME, "web", { allow: ["configured-in-other-vm"] }))).toMatch(
    /carries nvme0n1, which a VM may have: libvirt lists the VM "db".*allow: \["mounted-storage"\]/,
  );
});

test("a VM has a device through an NVMe disk or the command line of QEMU", () => {
  const disk = "<disk type='nvme'><source type='pci' managed='yes' namespace='1'><address bus='0x03'/></source></disk>";
  expect(reasons(kvm([vm("db", disk), vm("web")]), attach(NVME, "web"))).toMatch(
    /configuration of the VM "db" has 0000:03:00\.0 too/,
  );
});

test("a VM that ends and starts again is no change", () => {
  const facts = kvm([running()]);
  const both = simulate(facts, plan(facts, attach(NVME, "web")).steps);
  const [web] = both.libvirt?.kind === "answers" ? both.libvirt.domains : [];
  if (!web) throw new Error("the host has the VM");
  const off = {
    ...both,
    libvirt: { ...both.libvirt, domains: [{ ...web, running: false, live: undefined }] },
  } as HostFacts;
  expect(plan(off, attach(NVME, "web")).steps).toEqual([]);
  const again = { ...off, libvirt: { ...off.libvirt, domains: [{ ...web, live: web.config }] } } as HostFacts;
  expect(plan(again, attach(NVME, "web")).steps).toEqual([]);
});

test("a scope that becomes live takes our entry out of the configuration, and keeps the device in the running VM", () => {
  const facts = kvm([running()]);
  const both = simulate(facts, plan(facts, attach(NVME, "web")).steps);
  expect(changes(both, attach(NVME, "web", { scope: "live" }))).toEqual([
    "virsh-detach config 0000:03:00.0 managed=yes",
  ]);
});

test("preview says how many root ports libvirt adds", () => {
  expect(plan(kvm([vm("web", q35(1))]), attach(NVME, "web")).warnings).toEqual([]);
  const full = q35(1, hostdev(2, 0, "yes", 1));
  expect(plan(kvm([vm("web", full)]), attach(NVME, "web")).warnings).toEqual([
    expect.stringContaining("libvirt adds 1 to its configuration until the device is detached"),
  ]);
  expect(plan(kvm([vm("web", q35(0))]), attach(NVME, "web")).warnings).toEqual([
    expect.stringContaining("libvirt adds 2 to its configuration until the device is detached"),
  ]);
});

const claimed = (device: string, ports: readonly number[]): HostFacts["claims"][number] => ({
  key: `VmPciAttachment/0000:${device}/${uuidOf("web")}`,
  claim: {
    version: 2,
    token: "token-1",
    project: "test",
    stack: "dev",
    label: device,
    functions: [],
    entries: [{ kind: "libvirt-config", address: address(`0000:${device}`), undo: { ports: [...ports] } }],
  },
});
const made: readonly [string, string, readonly number[]][] = [
  ["all of them, the highest first", q35(3, hostdev(3, 0, "yes", 2)), [3, 2]],
  ["none below one that is in use", q35(3, hostdev(3, 0, "yes", 2) + hostdev(2, 0, "yes", 3)), []],
  ["none below one that somebody else added", q35(4, hostdev(3, 0, "yes", 2)), []],
  ["those above one that is in use", q35(3, hostdev(3, 0, "yes", 3) + hostdev(2, 0, "yes", 2)), [3]],
  ["none that was there before", q35(1, hostdev(3, 0, "yes", 1)), []],
];
test.each(made)("of the root ports that libvirt made go %s", (_, devices, ports) => {
  const facts = { ...kvm([vm("web", devices)]), claims: [claimed(NVME, [2, 3])] };
  expect(planAbsent(facts, attach(NVME, "web"), DEV).steps[0]).toMatchObject({
    kind: "virsh-detach",
    madePorts: ports,
  });
});

test("an attachment knows the root ports that libvirt made for an earlier one, for it may be the last to end", () => {
  const facts = { ...kvm([vm("web", q35(3, hostdev(2, 0, "yes", 2)))]), claims: [claimed("02:00.0", [2, 3])] };
  expect(plan(facts, attach(NVME, "web")).steps[0]).toMatchObject({
    claim: { entries: [{ address: "0000:03:00.0", undo: { ports: [2, 3] } }] },
  });
});

test("an attachment does not end unseen while libvirt is silent, nor is it forgotten", () => {
  const facts = kvm([vm("web")]);
  const attached = simulate(facts, plan(facts, attach(NVME, "web")).steps);
  const silent: HostFacts = { ...attached, libvirt: { kind: "silent", uri: "qemu:///system", said: "down" } };
  const wish = attach(NVME, uuidOf("web"));
  expect(planAbsent(silent, wish, DEV)).toMatchObject({
    steps: [],
    refusals: [{ message: expect.stringContaining("down") }],
  });
  expect(planAbsent({ ...silent, claims: [] }, wish, DEV)).toMatchObject({ steps: [], refusals: [] });
});

test("without an IOMMU nothing is kept for vfio-pci, and pci-stub does not ask", () => {
  const facts = kvm([]);
  const devices = [...facts.pciDevices.values()].map(
    (device) => [device.address, { ...device, iommuGroup: undefined }] as const,
  );
  const without = { ...facts, pciDevices: new Map(devices) };
  expect(plan(without, assign(NVME)).refusals).toMatchObject([{ guard: "no-iommu" }]);
  expect(plan(without, assign(NVME, { driver: "pci-stub" })).refusals).toEqual([]);
});

const stubs: readonly [string, HostFacts, string, string][] = [
  ["libvirt of today", kvm([]), "vfio-pci", "virsh"],
  ["libvirt before 1.0.5 (RHEL 6)", kvm([], { version: { major: 0, minor: 10, micro: 2 } }), "pci-stub", "virsh"],
  ["no libvirt at all", { ...kvm([]), libvirt: undefined }, "vfio-pci", "sysfs"],
  [
    "a daemon that is down",
    { ...kvm([]), libvirt: { kind: "silent", uri: "qemu:///system", said: "" } },
    "vfio-pci",
    "sysfs",
  ],
];
test.each(stubs)("the stub driver of a host with %s", (_, facts, stub, by) => {
  expect(plan(facts, assign(NVME)).steps).toContainEqual(
    expect.objectContaining({ kind: "make-assignable", stub, by }),
  );
});

describe("a device on a variant of vfio-pci, which libvirt 10 picks by itself", () => {
  const variant = withDriver(kvm([vm("web")]), "0000:03:00.0", "mlx5_vfio_pci");
  test("is assignable, and stays there after a destroy when it was found there", () => {
    const { steps, effects } = plan(variant, assign(NVME));
    expect(steps).toMatchObject([{ kind: "write-claim" }]);
    expect(effects).toEqual([
      neither("0000:03:00.0 is on mlx5_vfio_pci already: adopted as found, and left there by a destroy"),
    ]);
    const claimed = simulate(variant, steps);
    expect(statusOfWish(claimed, assign(NVME), keyOf(claimed, assign(NVME)) ?? "")).toMatchObject({ active: true });
    expect(planAbsent(claimed, assign(NVME), DEV).steps).toMatchObject([{ kind: "drop-claim" }]);
  });
  test("goes back to its driver when we took it", () => {
    const claimed = simulate(kvm([vm("web")]), plan(kvm([vm("web")]), assign(NVME)).steps);
    const picked = withDriver(claimed, "0000:03:00.0", "mlx5_vfio_pci");
    expect(planPresent(picked, assign(NVME), DEV).steps).toEqual([]);
    expect(planAbsent(picked, assign(NVME), DEV).steps).toMatchObject([
      { kind: "release", stub: "mlx5_vfio_pci", to: "nvme", by: "virsh" },
      { kind: "drop-claim" },
    ]);
  });
  test("is given to a VM", () => {
    expect(plan(variant, attach(NVME, "web")).refusals).toEqual([]);
  });
});

test("the root port of a device that a running VM loses is free for the next one", () => {
  const VM = vm("web", q35(1), { running: true });
  const facts = kvm([vm("web", q35(1, hostdev(3, 0, "no", 1)), { running: true })]);
  const [domain] = facts.libvirt?.kind === "answers" ? facts.libvirt.domains : [];
  const hostdevs = domain?.config.hostdevs ?? [];
  const detach = hostdevs.map(
    (device) =>
      ({
        kind: "virsh-detach",
        uri: "qemu:///system",
        vm: { uuid: VM.uuid, name: VM.name },
        hostdev: { ...device, options: {} },
        to: "live",
        separateScopes: true,
      }) as const,
  );
  const { libvirt } = simulate(facts, detach);
  expect(libvirt?.kind === "answers" && libvirt.domains[0]?.live).toMatchObject({ hostdevs: [], guestAddresses: [] });
});

test("the group of a running VM's device does not leave it", () => {
  const facts = withDriver(
    withDriver(kvm([vm("web", hostdev(1, 0, "no"), { running: true })]), "0000:01:00.0", "vfio-pci"),
    "0000:01:00.1",
    "vfio-pci",
  );
  const claimed = simulate(
    facts,
    plan(
      withDriver(withDriver(facts, "0000:01:00.0", "e1000e"), "0000:01:00.1", "e1000e"),
      assign(NIC, { group: true }),
    ).steps,
  );
  expect(planAbsent(claimed, assign(NIC, { group: true }), DEV).refusals).toMatchObject([{ guard: "in-use-by-vm" }]);
});

test("the SELinux boolean stays on until the last VM that needs it", () => {
  const facts: HostFacts = { ...kvm([vm("web"), vm("db")]), selinux: { mode: "enforcing", virtUseSysfs: false } };
  const attached = simulate(facts, plan(facts, attach(NVME, "web")).steps);
  const both = simulate(attached, planPresent(attached, attach("02:00.0", "db"), ownedBy("dev", "token-2")).steps);
  const first = simulate(both, planAbsent(both, attach(NVME, "web"), DEV).steps);
  expect(first.selinux?.virtUseSysfs).toBe(true);
  const last = planAbsent(first, attach("02:00.0", "db"), ownedBy("dev", "token-2"));
  expect(simulate(first, last.steps).selinux?.virtUseSysfs).toBe(false);
});

test("the first choice of a host with xl stays xl; the program may name libvirt", () => {
  const both: HostFacts = { ...kvm([vm("web")], { uri: "xen:///system" }), xen: LAB.xen };
  expect(reasons(both, attach(NVME, "web"))).toContain("/etc/xen has none");
  const { effects } = plan({ ...both, files: LAB.files, libvirt: { kind: "not-asked" } }, attach(NVME, "pv1"));
  expect(effects).toContainEqual(neither("the host has xl and libvirt: xl is used, unless `toolstack` names another"));
  expect(changes(both, attach(NVME, "web", { toolstack: "libvirt" }))).toEqual([
    "virsh-attach config 0000:03:00.0 managed=yes",
  ]);
  const steps = plan(both, assign(NVME, { toolstack: "libvirt" })).steps;
  expect(steps).toContainEqual(expect.objectContaining({ stub: "pciback", by: "virsh" }));
});
