import type { Domain } from "../../provider/facts/domains";
import type { HostFacts } from "../../provider/facts/host-facts";
import { planPresent } from "../../provider/plan/kinds/kinds";
import type { AttachWish, Wish } from "../../provider/plan/wish";
import type { Step } from "../../provider/steps/steps";
import { stepShell } from "../../provider/steps/steps";
import type { AttachOptions } from "../../provider/vm-text/attach-options";
import { textFile, withVmConfigs } from "./host-files";
import { address, LAB, listed, ownedBy, target } from "./recorded-host";

const NIC = "0000:01:00.0";
const DEV = ownedBy("dev", "token-1");
const CONFIG = 'name = "pv9"\nkernel = "/k"\n';

function hostOf(version: string, domain: Partial<Domain> = {}): HostFacts {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const running: Domain = {
    id: 9,
    name: "pv9",
    uuid: undefined,
    paused: false,
    startedForDevices: false,
    disks: [],
    pciDevices: [],
    ...domain,
  };
  const nic = LAB.pciDevices.get(address(NIC));
  if (!nic || !LAB.xen) throw new Error("the lab host has no such NIC");
  return {
    ...withVmConfigs(LAB, textFile("/etc/xen/pv9.cfg", CONFIG)),
    xen: { ...LAB.xen, major, minor },
    pciback: { ...LAB.pciback, registered: true },
    pciDevices: new Map(LAB.pciDevices).set(nic.address, { ...nic, driver: "pciback" }),
    domains: listed(running),
  };
}

function wish(options: AttachOptions, scope: AttachWish["scope"]): AttachWish {
  const common = { expect: [], allow: [], toolstack: undefined };
  return { kind: "VmPciAttachment", target: target(NIC), vm: "pv9", scope, options, ...common };
}

const shellOf = (steps: readonly Step[], kind: Step["kind"]) =>
  steps.filter((step) => step.kind === kind).map((step) => stepShell(step).perform);

// xen's git history; the minor versions are those of `git describe --contains`.
describe.each<[keyof AttachOptions, AttachOptions, string, string]>([
  ["permissive", { permissive: true }, "4.1", "4.2"],
  ["seize", { seize: true }, "4.4", "4.5"],
  ["rdmPolicy", { rdmPolicy: "relaxed" }, "4.5", "4.6"],
])("%s", (name, options, without, since) => {
  test(`is refused on Xen ${without}, which would pass over it without a word`, () => {
    const { refusals } = planPresent(hostOf(without), wish(options, "config"), DEV);
    expect(refusals.map(({ message }) => message)).toEqual([
      `xl of Xen ${without} does not know the option ${name} (since ${since}). Remove it`,
    ]);
  });

  test(`is written from ${since} on`, () => {
    const plan = planPresent(hostOf(since), wish(options, "config"), DEV);
    expect(plan.refusals).toEqual([]);
    expect(plan.steps).toContainEqual(
      expect.objectContaining({ after: expect.stringMatching(/,(permissive|seize|rdm_policy)=/) }),
    );
  });
});

test.each(["4.2", "4.8", "4.12", "4.14", "4.17", "4.22"])(
  "xl of Xen %s gets the form of an entry that all of them read",
  (version) => {
    const plan = planPresent(hostOf(version), wish({ vslot: 5, msitranslate: true }, "config"), DEV);
    const [edit] = plan.steps.filter((step) => step.kind === "edit-vm-file");
    expect(edit?.after).toBe(`${CONFIG}pci = [ '${NIC}@05,msitranslate=1' ]\n`);
  },
);

// What a running VM that began without devices can get, by its age.
test.each<[string, "attach" | "next start" | "passthrough", string]>([
  ["4.2", "attach", "up to 4.12 any VM can get a device"],
  ["4.12", "attach", "up to 4.12 any VM can get a device"],
  ["4.13", "next start", "the IOMMU is set up at the start alone"],
  ["4.16", "next start", "the same"],
  ["4.22", "next start", "the same"],
])("hot-plug on Xen %s: %s, for %s", (version, what) => {
  const plan = planPresent(hostOf(version), wish({}, "auto"), DEV);
  expect(shellOf(plan.steps, "attach")).toEqual(what === "attach" ? [`xl_attach 9 ${NIC} ${NIC}`] : []);
  expect(plan.effects.some(({ text }) => text.includes("gets it at its next start"))).toBe(what === "next start");
});

test.each([
  ["4.14", true],
  ["4.15", false],
  ["4.16", false],
  ["4.17", true],
])("Xen %s hot-plugs the first device of a PV VM that was started ready for one: %s", (version, can) => {
  const ready = hostOf(version, { startedForDevices: true });
  const { refusals, steps } = planPresent(ready, wish({}, "live"), DEV);
  expect(steps.some((step) => step.kind === "attach")).toBe(can);
  expect(refusals.map(({ message }) => message)).toEqual(
    can ? [] : [`xl of Xen ${version} cannot hot-plug the first PCI device of a PV VM (fixed in 4.17)`],
  );
});

test.each([
  ["4.12", false],
  ["4.13", true],
])("a VM of Xen %s that gets devices only while it runs is started with passthrough: %s", (version, needed) => {
  const plan = planPresent(hostOf(version, { startedForDevices: true }), wish({}, "live"), DEV);
  expect(plan.steps.some((step) => step.kind === "edit-vm-file")).toBe(needed);
});

test.each([
  ["4.1", "make_assignable_pciback 0000:01:00.1 pciback"],
  ["4.2", "make_assignable_xl 0000:01:00.1 pciback"],
  ["4.22", "make_assignable_xl 0000:01:00.1 pciback"],
])("Xen %s makes a device assignable by %s", (version, command) => {
  const assign: Wish = {
    kind: "AssignableDevice",
    target: target("0000:01:00.1"),
    driver: undefined,
    group: false,
    ...{ expect: [], allow: [], toolstack: undefined },
  };
  expect(shellOf(planPresent(hostOf(version), assign, DEV).steps, "make-assignable")).toEqual([command]);
});

describe("what a person should know of the VM", () => {
  const cautions = (facts: HostFacts, options: AttachOptions = {}) =>
    planPresent(facts, wish(options, "config"), DEV).warnings.join("\n");
  const line = `pciback ${NIC}: Driver tried to write to a read-only configuration space field at offset 0xe0, size 2. This may be harmless`;
  const complaints = { withoutPcifront: [], readOnlyWrites: [{ address: address(NIC), line }] };

  test("a guest kernel without pcifront, with its console log", () => {
    const log = "/var/log/xen/console/guest-pv9.log";
    const facts = { ...hostOf("4.17"), guestComplaints: { withoutPcifront: [{ vm: "pv9", log }], readOnlyWrites: [] } };
    expect(cautions(facts)).toContain(`the kernel of the VM "pv9" has no pcifront driver`);
    expect(cautions(facts)).toContain(log);
  });

  test("writes that pciback did not let through, unless the device is permissive already", () => {
    const facts = { ...hostOf("4.17"), guestComplaints: complaints };
    expect(cautions(facts)).toContain("offset 0xe0, size 2");
    expect(cautions(facts)).toContain("add permissive: true");
    expect(cautions(facts, { permissive: true })).not.toContain("offset 0xe0");
  });

  test("a PV guest without an IOMMU, and not where Xen has one", () => {
    const facts = hostOf("4.17");
    expect(cautions(facts)).not.toContain("no IOMMU");
    expect(cautions({ ...facts, xen: facts.xen && { ...facts.xen, iommu: false } })).toContain(
      "all memory of the host",
    );
  });

  const cautionsOf = (config: string) =>
    cautions(withVmConfigs(hostOf("4.17"), textFile("/etc/xen/pv9.cfg", `${CONFIG}${config}`)));

  test.each([
    ['type = "hvm"\nmemory = 512\nmaxmem = 1024\n', true],
    ['builder = "hvm"\nmemory = "512"\nmaxmem = "0x400"\n', true],
    ['type = "hvm"\nmemory = 512\nmaxmem = 512\n', false],
    ['type = "hvm"\nmemory = 512\n', false],
    ['type = "hvm"\nmaxmem = 512\n', false],
    ["memory = 512\nmaxmem = 1024\n", false],
  ])("a guest that populates its memory on demand, which xl does not start with a device: %j, %j", (config, told) => {
    expect(cautionsOf(config).includes("populate on demand")).toBe(told);
  });

  test("a PVH guest, which Xen gives no device", () => {
    expect(cautionsOf('type = "pvh"\n')).toContain('Set its type to "hvm" or "pv"');
    expect(cautionsOf('type = "hvm"\n')).not.toContain("PVH");
  });

  test("a VGA controller for a PV guest", () => {
    const facts = hostOf("4.17");
    const nic = facts.pciDevices.get(address(NIC));
    if (!nic) throw new Error("the lab host has no such NIC");
    const vga = { ...nic, identity: { ...nic.identity, class: "030000" } };
    const withVga = { ...facts, pciDevices: new Map(facts.pciDevices).set(nic.address, vga) };
    expect(cautions(withVga)).toContain("that needs an HVM guest");
    const hvm = textFile("/etc/xen/pv9.cfg", `${CONFIG}type = "hvm"\n`);
    expect(cautions(withVmConfigs(withVga, hvm))).not.toContain("that needs an HVM guest");
  });
});
