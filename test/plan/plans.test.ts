import fc from "fast-check";
import type { TextFile } from "../../provider/boot/text-file";
import type { Domain } from "../../provider/facts/domains";
import type { HostFacts } from "../../provider/facts/host-facts";
import { modprobeFiles } from "../../provider/facts/modprobe";
import { loss, neither } from "../../provider/plan/effect";
import { keyOf, planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { AttachWish, DeviceWish, Wish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { attach } from "./attach-wish";
import { hide } from "./hide-wish";
import { textFile, withModprobeFiles, withVmConfigs } from "./host-files";
import { address, LAB, listed, ownedBy, PV1, target } from "./recorded-host";

const common = { expect: [], allow: [], toolstack: undefined };
const assign = (device: string): DeviceWish => ({
  kind: "AssignableDevice",
  target: target(device),
  driver: undefined,
  group: false,
  ...common,
});
const DEV = ownedBy("dev", "token-1");

/** What a plan may change, without the claims. */
function touched(facts: HostFacts) {
  const drivers = [...facts.pciDevices.values()].map((device) => [device.address, device.driver]);
  return { drivers, files: facts.files, claims: facts.claims };
}

const wishes: readonly [string, DeviceWish, HostFacts][] = [
  ["a function assignable", assign("01:00.0"), LAB],
  ["a slot assignable", assign("0000:01:00"), LAB],
  ["a function hidden", hide("01:00.0"), LAB],
  ["a slot hidden", hide("0000:01:00"), LAB],
  [
    "a function hidden, with another's options",
    hide("01:00.0"),
    withModprobeFiles(
      LAB,
      textFile("/etc/modprobe.d/xen.conf", "# mine\noptions xen-pciback passthrough=1 hide=(02:00.0)\n"),
    ),
  ],
  ["an entry in a VM without any", attach("01:00.0", "pv1"), LAB],
  ["entries for a slot in a VM with an empty list", attach("0000:01:00", "pv2"), LAB],
];
describe.each(wishes)("%s", (_, wish, facts) => {
  const plan = planPresent(facts, wish, DEV);
  const after = simulate(facts, plan.steps);

  test("edits each file once, since an apply checks what all steps assume before the first", () => {
    for (const { steps } of [plan, planAbsent(after, wish, DEV)]) {
      const paths = steps.flatMap((step) => ("path" in step ? [step.path] : []));
      expect(paths).toEqual([...new Set(paths)]);
    }
  });

  test("is planned without refusals, and nothing is left to do after it", () => {
    expect(plan.refusals).toEqual([]);
    expect(plan.steps).not.toEqual([]);
    expect(planPresent(after, wish, DEV).steps).toEqual([]);
  });

  test("ends with everything as it was", () => {
    const end = planAbsent(after, wish, DEV);
    expect(end.refusals).toEqual([]);
    expect(touched(simulate(after, end.steps))).toEqual(touched(facts));
  });

  test("moves to the new token of a renamed resource, and the old one's end does nothing", () => {
    const renamed = ownedBy("dev", "token-2", "new-name");
    const moved = simulate(after, planPresent(after, wish, renamed).steps);
    expect(planAbsent(moved, wish, DEV).steps).toEqual([]);
    expect(touched(simulate(moved, planAbsent(moved, wish, renamed).steps))).toEqual(touched(facts));
  });

  test("is refused to another stack", () => {
    expect(planPresent(after, wish, ownedBy("prod", "token-3")).refusals).toMatchObject([{ guard: "claimed" }]);
  });

  test("has a status that says so", () => {
    const status = statusOfWish(after, wish, keyOf(after, wish) ?? "");
    expect(status.configured || status.active).toBe(true);
  });
});

test("the entries of several attachments of one VM end in any order with the same bytes", () => {
  const devices = ["01:00.0", "01:00.1", "02:00.0"];
  fc.assert(
    fc.property(fc.shuffledSubarray(devices, { minLength: 3 }), fc.constantFrom("pv1", "pv2"), (order, vm) => {
      const context = (device: string) => ownedBy("dev", device, device);
      let facts = LAB;
      for (const device of devices)
        facts = simulate(facts, planPresent(facts, attach(device, vm), context(device)).steps);
      for (const device of order) facts = simulate(facts, planAbsent(facts, attach(device, vm), context(device)).steps);
      expect(touched(facts)).toEqual(touched(LAB));
    }),
  );
});

test("the softdep of a driver stays while another hidden function needs it", () => {
  const first = simulate(LAB, planPresent(LAB, hide("01:00.0"), DEV).steps);
  const both = simulate(first, planPresent(first, hide("01:00.1"), DEV).steps);
  const left = simulate(both, planAbsent(both, hide("01:00.0"), DEV).steps);
  expect(modprobeFiles(left.files)[0]?.text).toContain("hide=(0000:01:00.1)\n");
  expect(modprobeFiles(left.files)[0]?.text).toContain("softdep e1000e pre: xen-pciback\n");
});

const unusable: readonly [string, TextFile[], RegExp][] = [
  [
    "two options",
    [
      textFile("/etc/modprobe.d/a.conf", "options xen-pciback hide=(01:00.0)\n"),
      textFile("/etc/modprobe.d/b.conf", "options xen_pciback hide=(02:00.0)\n"),
    ],
    /^modprobe, initramfs: "options xen-pciback hide=" is in \/etc\/modprobe.d\/a.conf and \/etc\/modprobe.d\/b.conf, and/,
  ],
  [
    "an option on two lines",
    [textFile("/etc/modprobe.d/a.conf", "options xen-pciback \\\n  hide=(01:00.0)\n")],
    /continues on the next line/,
  ],
  [
    "an option whose module is on the next line",
    [textFile("/etc/modprobe.d/a.conf", "options \\\nxen-pciback passthrough=1 hide=(01:00.0)\n")],
    /continues on the next line/,
  ],
  [
    "a list that the kernel rejects",
    [textFile("/etc/modprobe.d/a.conf", "options xen-pciback hide=(01:00.0)(zz)\n")],
    /the kernel does not accept/,
  ],
];
test.each(unusable)("hiding is refused beside %s", (_, modprobe, reason) => {
  const { refusals, steps } = planPresent(withModprobeFiles(LAB, ...modprobe), hide("01:00.1"), DEV);
  expect(steps).toEqual([]);
  expect(refusals).toMatchObject([{ message: expect.stringMatching(reason) }]);
});

test("a list in quotation marks is edited inside of them, and a comment that goes on is no option", () => {
  const text = 'options xen-pciback hide="(02:00.0)" verbose=1\n# c \\\noptions xen-pciback hide=(03:00.0)\n';
  const facts = withModprobeFiles(LAB, textFile("/etc/modprobe.d/a.conf", text));
  const hidden = simulate(facts, planPresent(facts, hide("01:00.1"), DEV).steps);
  const textAfter = (then: typeof facts) =>
    modprobeFiles(then.files).find(({ path }) => path.endsWith("/a.conf"))?.text;
  expect(textAfter(hidden)).toBe(text.replace("(02:00.0)", "(02:00.0)(0000:01:00.1)"));
  expect(textAfter(simulate(hidden, planAbsent(hidden, hide("01:00.1"), DEV).steps))).toBe(text);
});

test("no step, no guard: what is on the stub driver already may be the disk of the host", () => {
  const disk = address("0000:00:02.0");
  const device = LAB.pciDevices.get(disk);
  if (!device) throw new Error("the lab host has that disk");
  const facts = { ...LAB, pciDevices: new Map(LAB.pciDevices).set(disk, { ...device, driver: "pciback" }) };
  expect(planPresent(LAB, assign("00:02.0"), DEV).refusals).toMatchObject([{ guard: "boot-device" }]);
  expect(planPresent(facts, assign("00:02.0"), DEV).refusals).toEqual([]);
});

test("allow overrides a guard by its name", () => {
  const wish = { ...assign("00:03.0"), allow: ["ssh-route" as const] };
  expect(planPresent(LAB, assign("00:03.0"), DEV).refusals).toMatchObject([{ guard: "ssh-route" }]);
  expect(planPresent(LAB, wish, DEV).refusals).toEqual([]);
});

test.each([
  ["by hand", LAB.machine.bootId, "somebody released it"],
  ["by a reboot", "another-boot", "the host was rebooted"],
])("drift is named: a device released %s", (_, bootId, cause) => {
  const nic = address("0000:01:00.0");
  const given = simulate(LAB, planPresent(LAB, assign("01:00.0"), DEV).steps);
  const lost = { ...LAB, claims: given.claims, machine: { ...LAB.machine, bootId } };
  expect(planPresent(lost, assign("01:00.0"), DEV).effects).toContainEqual(
    neither(`${nic} is no longer bound to pciback: ${cause}; it is bound again`),
  );
});

test("a function that a cut-off run left between two drivers goes back to its own", () => {
  const nic = address("0000:01:00.0");
  const taken = simulate(LAB, planPresent(LAB, assign("01:00.0"), DEV).steps);
  const device = taken.pciDevices.get(nic) as NonNullable<ReturnType<typeof taken.pciDevices.get>>;
  const between = { ...taken, pciDevices: new Map(taken.pciDevices).set(nic, { ...device, driver: undefined }) };
  const after = simulate(between, planAbsent(between, assign("01:00.0"), DEV).steps);
  expect(touched(after)).toEqual(touched(LAB));
});

test("drift is named: a boot configuration that lost its entry", () => {
  const hidden = simulate(LAB, planPresent(LAB, hide("01:00.0"), DEV).steps);
  expect(planPresent(withModprobeFiles(hidden), hide("01:00.0"), DEV).effects).toContainEqual(
    neither("0000:01:00.0 is no longer in the boot configuration: it is added again"),
  );
});

test("the keyboard and the display of the host are refused", () => {
  const nic = address("0000:01:00.0");
  const facts = {
    ...LAB,
    console: { displays: [nic], keyboards: [{ name: "HID 0557:2419", carriedBy: nic }], serialLines: [] },
  };
  expect(planPresent(facts, assign("01:00.0"), DEV).refusals).toMatchObject([
    { guard: "console-display" },
    { guard: "console-input", message: expect.stringContaining('the keyboard "HID 0557:2419"') },
  ]);
});

test("Xen 4.13 and later without an IOMMU is refused before the driver is switched", () => {
  const facts = { ...LAB, xen: { major: 4, minor: 17, iommu: false, xl: true } };
  expect(planPresent(facts, assign("01:00.0"), DEV).refusals).toMatchObject([{ guard: "no-iommu" }]);
});

describe("xl takes a device from its driver when a VM starts, if seize is on", () => {
  const SESSION_NIC = "0000:00:03.0";
  const vmWith = (lines: string) => withVmConfigs(LAB, textFile("/etc/xen/vm.cfg", `name = "vm"\n${lines}`));

  test.each<[string, HostFacts, AttachWish]>([
    ["by the program", vmWith(""), { ...attach(SESSION_NIC, "vm"), options: { seize: true } }],
    ["by pci_seize in the file", vmWith("pci_seize = 1\n"), attach(SESSION_NIC, "vm")],
  ])("%s: the device is guarded as if it were taken now", (_, facts, wish) => {
    const { refusals, effects } = planPresent(facts, wish, DEV);
    expect(refusals).toMatchObject([{ guard: "ssh-route" }]);
    expect(effects).toContainEqual(
      loss(`when the VM "vm" starts, xl takes ${SESSION_NIC} from its driver e1000e (seize)`),
    );
    expect(planPresent(facts, { ...wish, allow: ["ssh-route"] }, DEV).refusals).toEqual([]);
  });

  test("without it xl refuses to start the VM, and the host loses nothing", () => {
    const wish = attach(SESSION_NIC, "vm");
    const off = { ...wish, options: { seize: false } };
    expect(planPresent(vmWith(""), wish, DEV).refusals).toEqual([]);
    expect(planPresent(vmWith("pci_seize = 1\n"), off, DEV).refusals).toEqual([]);
  });

  test("a device on pciback is not taken from anybody", () => {
    const assigned = simulate(LAB, planPresent(LAB, assign("01:00.0"), ownedBy("dev", "token-9")).steps);
    const wish: AttachWish = { ...attach("01:00.0", "pv1"), options: { seize: true } };
    expect(
      planPresent(assigned, wish, DEV)
        .effects.map(({ text }) => text)
        .join(),
    ).not.toContain("(seize)");
  });
});

test("a device that is not what the program expects is refused to a VM's file too", () => {
  const wish = { ...attach("01:00.0", "pv1"), expect: [{ id: "10de:1b80" }] };
  expect(planPresent(LAB, wish, DEV).refusals).toMatchObject([{ guard: "identity" }]);
});

test("a bridge is refused to every VM", () => {
  const [bridge] = [...LAB.pciDevices.values()].filter(({ identity }) => identity.class.startsWith("0604"));
  expect(planPresent(LAB, attach(bridge?.address ?? "", "pv1"), DEV).refusals).toMatchObject([{ guard: "bridge" }]);
});

test("a device in another VM's configuration is refused, and can be allowed", () => {
  const other = simulate(LAB, planPresent(LAB, attach("01:00.0", "pv1"), ownedBy("dev", "token-9")).steps);
  const wish = attach("01:00.0", "pv2");
  expect(planPresent(other, wish, DEV).refusals).toMatchObject([{ guard: "configured-in-other-vm" }]);
  expect(planPresent(other, { ...wish, allow: ["configured-in-other-vm"] }, DEV).refusals).toEqual([]);
});

test("what a device shares its slot with is said once: by its AssignableDevice, if it has one", () => {
  const shared = "0000:01:00.0 shares its slot with 0000:01:00.1 (driver e1000e)";
  const assigned = planPresent(LAB, assign("01:00.0"), ownedBy("dev", "token-9"));
  expect(assigned.warnings).toContain(shared);
  expect(planPresent(LAB, attach("01:00.0", "pv1"), DEV).warnings).toContain(shared);
  const then = simulate(LAB, assigned.steps);
  expect(planPresent(then, attach("01:00.0", "pv1"), DEV).warnings).not.toContain(shared);
});

test("a running VM gets no device that another running VM has, whatever the program allows", () => {
  const web1: Domain = { ...PV1, id: 2, name: "web1", uuid: undefined, pciDevices: [{ address: address("01:00.0") }] };
  const onPciback = simulate(LAB, planPresent(LAB, assign("01:00.0"), ownedBy("dev", "token-9")).steps);
  const facts = { ...onPciback, domains: listed(PV1, web1) };
  const wish = attach("01:00.0", "pv1", { scope: "both", allow: ["configured-in-other-vm"] });
  expect(planPresent(facts, wish, DEV).refusals).toEqual([
    { guard: "in-use-by-vm", message: expect.stringContaining('the VM "web1" (domain 2) has 0000:01:00.0 now') },
  ]);
});

test("`pci_permissive` of a VM counts for entries that do not say otherwise", () => {
  const text = `name = "vm"\npci_permissive = 1\npci = [ '01:00.0' ]\n`;
  const facts = withVmConfigs(LAB, textFile("/etc/xen/vm.cfg", text));
  const wish = attach("01:00.0", "vm");
  const edits = (options: object) =>
    planPresent(facts, { ...wish, options } as Wish, DEV).steps.flatMap((step) =>
      step.kind === "edit-vm-file" ? [step.after] : [],
    );
  expect(edits({})).toEqual([]);
  expect(edits({ permissive: true })).toEqual([]);
  expect(edits({ permissive: false })).toEqual([text.replace("01:00.0", "0000:01:00.0,permissive=0")]);
});

test("an option that the host's xl does not know is refused, naming both", () => {
  const wish = { ...attach("01:00.0", "pv1"), options: { rdmPolicy: "relaxed" } } as Wish;
  const old = { ...LAB, xen: { major: 4, minor: 5, iommu: true, xl: true } };
  expect(planPresent(LAB, wish, DEV).refusals).toEqual([]);
  expect(planPresent(old, wish, DEV).refusals).toMatchObject([
    { message: "xl of Xen 4.5 does not know the option rdmPolicy (since 4.6). Remove it" },
  ]);
});

test("a VM on Xen is not taken for a host", () => {
  const facts: HostFacts = { ...LAB, xen: undefined, machine: { ...LAB.machine, isDomU: true } };
  expect(planPresent(facts, assign("01:00.0"), DEV)).toMatchObject({
    steps: [],
    refusals: [{ guard: undefined, message: expect.stringMatching(/^it is itself a VM on Xen .* Name the Xen host/) }],
  });
});
