import fc from "fast-check";
import type { HostFacts } from "../../provider/facts/host-facts";
import type { XapiVm } from "../../provider/facts/xapi";
import { gain, loss, neither } from "../../provider/plan/effect";
import { isGone, keyOf, planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { AttachWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { otherConfigValues } from "../vm-text/other-config-arbitrary";
import { attach } from "./attach-wish";
import { address, listed, ownedBy, TRIAL_BOOT, target } from "./recorded-host";
import { factsOf, poolOf, withPool, withVm } from "./xenserver-hosts";

const NIC = "0000:03:00.0";
const DEV = ownedBy("dev", "token-1");

let POOL: HostFacts;
let ALONE: HostFacts;
beforeAll(async () => {
  [POOL, ALONE] = await Promise.all([factsOf("xcpng-8.3"), factsOf("xenserver-7")]);
});

const vmOf = (facts: HostFacts, name: string): XapiVm => {
  const vm = poolOf(facts).vms.find((vm) => vm.name === name);
  if (!vm) throw new Error(`no VM ${name}`);
  return vm;
};
/** As after a boot with the device hidden. */
const onPciback = (facts: HostFacts, device = NIC): HostFacts => {
  const found = facts.pciDevices.get(address(device));
  if (!found) throw new Error(`no device ${device}`);
  return { ...facts, pciDevices: new Map(facts.pciDevices).set(found.address, { ...found, driver: "pciback" }) };
};

test("the facts of a pool: what each machine is, where it runs, and its devices", () => {
  expect(POOL.xapi).toMatchObject({ brand: "XCP-ng", coordinator: undefined });
  const seen = poolOf(POOL).vms.map(({ name, kind, powerState, pci }) => [name, kind, powerState, pci]);
  expect(seen).toEqual([
    ["Control domain on host: xcp1", "control-domain", "running", undefined],
    ["gpu1", "vm", "halted", undefined],
    ["router", "vm", "halted", undefined],
    ["db2", "vm", "running", "0/0000:01:00.0"],
    ["Debian Bookworm 12", "template", "halted", undefined],
  ]);
  expect(poolOf(POOL).haEnabled).toBe(true);
  expect(vmOf(ALONE, "Windows 7 (64-bit) (1)").snapshots).toBe(1);
});

test("a device that is not what the program expects is refused", () => {
  const { refusals } = planPresent(POOL, attach("03:00.0", "gpu1", { expect: [{ id: "10de:1b80" }] }), DEV);
  expect(refusals).toMatchObject([
    { guard: "identity", message: expect.stringContaining("but the program expects 10de:1b80") },
  ]);
});

test("an attachment is one edit of one key, known by the VM's uuid", () => {
  const wish = attach("03:00.0", "gpu1");
  const { steps, effects, refusals } = planPresent(POOL, wish, DEV);
  const { uuid } = vmOf(POOL, "gpu1");
  expect(refusals).toEqual([]);
  expect(steps.slice(1)).toEqual([
    {
      kind: "set-vm-pci",
      vm: { uuid, name: "gpu1" },
      before: undefined,
      after: `0/${NIC}`,
      gives: [NIC],
      takes: [NIC],
    },
  ]);
  expect(effects).toEqual([
    gain(`other-config:pci of the VM "gpu1" becomes 0/${NIC}: the device is available from its next start`),
    neither("the host has xapi and xl: xapi is used, unless `toolstack` names another"),
  ]);
  expect(keyOf(POOL, wish)).toBe(`VmPciAttachment/${NIC}/${uuid}`);
});

test("a slot gives all its functions, in their order", () => {
  const { steps } = planPresent(POOL, attach("0000:01:00", "gpu1"), DEV);
  expect(steps.at(-1)).toMatchObject({ after: "0/0000:01:00.0,1/0000:01:00.1" });
});

test("whatever the value was, attach then detach gives the same bytes, in any order", () => {
  const devices = [NIC, "0000:01:00.1", "0000:00:14.0"];
  fc.assert(
    fc.property(
      fc.option(otherConfigValues(), { nil: undefined }),
      fc.shuffledSubarray(devices, { minLength: 3 }),
      (before, order) => {
        const start = withVm(POOL, "gpu1", { pci: before });
        const context = (device: string) => ownedBy("dev", device, device);
        let facts = start;
        for (const device of devices) {
          facts = simulate(facts, planPresent(facts, attach(device, "gpu1"), context(device)).steps);
          expect(planPresent(facts, attach(device, "gpu1"), context(device)).steps).toEqual([]);
        }
        for (const device of order)
          facts = simulate(facts, planAbsent(facts, attach(device, "gpu1"), context(device)).steps);
        expect(vmOf(facts, "gpu1").pci).toBe(before);
        expect(facts.claims).toEqual([]);
      },
    ),
  );
});

describe("a VM that cannot have it is refused:", () => {
  const cases: readonly (readonly [string, () => HostFacts, string, string])[] = [
    [
      "two of one name, with both listed",
      () => withVm(POOL, "router", { name: "gpu1" }),
      "gpu1",
      'several VMs called "gpu1". Name one by its uuid: 5f6a7b8c-9d0e-4f1a-b2c3-d4e5f6a7b8c9 (halted), 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d (halted)',
    ],
    [
      "one that is not there",
      () => POOL,
      "mail",
      'has no VM "mail". Set vm to a name-label or a uuid. The VMs of the pool are "',
    ],
    [
      "another spelling",
      () => POOL,
      "GPU1",
      'the pool has no VM "GPU1". Set vm to a name-label or a uuid: did you mean "gpu1"?',
    ],
    ["a template", () => POOL, "Debian Bookworm 12", "is a template, not a VM"],
    ["the control domain", () => POOL, "1f2e3d4c-5b6a-4798-8a9b-acbdcedff0e1", "is the control domain, not a VM"],
    ["a snapshot", () => ALONE, "before the update", "is a snapshot, not a VM"],
    [
      "one that is suspended",
      () => withVm(POOL, "gpu1", { powerState: "suspended" }),
      "gpu1",
      'the VM "gpu1" is suspended, and its saved state cannot take a new device',
    ],
    ["one that runs on another host", () => POOL, "db2", 'the VM "db2" runs on xcp2, but the device is on xcp1'],
    [
      "one whose key holds a line end",
      () => withVm(POOL, "gpu1", { pci: "0/0000:01:00.0\n1/0000:02:00.0" }),
      "gpu1",
      "contains a line break, and xe could not write it back",
    ],
  ];
  test.each(cases)("%s", (_, facts, vm, reason) => {
    const device = vm === "before the update" ? "04:00.0" : NIC;
    const { steps, refusals } = planPresent(facts(), attach(device, vm), DEV);
    expect(steps).toEqual([]);
    expect(refusals[0]?.message).toContain(reason);
  });
});

describe("what XAPI cannot do is refused, naming it:", () => {
  const cases: readonly (readonly [Partial<AttachWish>, string])[] = [
    [{ scope: "live" }, 'XAPI cannot plug a PCI device into a running VM, and scope is "live"'],
    [{ scope: "both" }, 'scope is "both"'],
    [{ options: { permissive: true } }, "XAPI cannot carry the option permissive"],
    [{ options: { vslot: 5 } }, "XAPI cannot carry the option vslot"],
    [{ options: { rdmPolicy: "relaxed" } }, "XAPI cannot carry the option rdmPolicy"],
  ];
  test.each(cases)("%j", (more, reason) => {
    const { steps, refusals } = planPresent(POOL, attach(NIC, "gpu1", more), DEV);
    expect(steps).toEqual([]);
    expect(refusals[0]?.message).toContain(reason);
  });
});

describe("another VM with the same device", () => {
  test("is refused when it is halted, and can be allowed", () => {
    const facts = withVm(POOL, "router", { pci: `4/${NIC.toUpperCase()}` });
    expect(planPresent(facts, attach(NIC, "gpu1"), DEV).refusals).toMatchObject([{ guard: "configured-in-other-vm" }]);
    const allowed = attach(NIC, "gpu1", { allow: ["configured-in-other-vm"] });
    expect(planPresent(facts, allowed, DEV).refusals).toEqual([]);
  });

  test("is refused for good when it runs: a second start would reset the device under it", () => {
    const { hostUuid } = POOL.xapi ?? { hostUuid: "" };
    const running = { pci: `0/${NIC}`, powerState: "running", residentOn: hostUuid, domainId: 3 };
    const facts = withVm(POOL, "router", running);
    const wish = attach(NIC, "gpu1", { allow: ["configured-in-other-vm"] });
    expect(planPresent(facts, wish, DEV).refusals).toMatchObject([{ guard: "in-use-by-vm" }]);
  });

  test("of another host is another device", () => {
    expect(vmOf(POOL, "db2").pci).toBe("0/0000:01:00.0");
    const { refusals } = planPresent(POOL, attach("01:00.0", "gpu1", { allow: ["console-display"] }), DEV);
    expect(refusals).toEqual([]);
  });
});

test("no step, no guard: what the VM has already is not judged again", () => {
  const facts = withVm(withVm(POOL, "router", { pci: `0/${NIC}` }), "gpu1", { pci: `0/${NIC}` });
  expect(planPresent(facts, attach(NIC, "gpu1"), DEV)).toMatchObject({ refusals: [], warnings: [] });
});

test("the host loses a device that is not on pciback when the VM starts, so guards judge it", () => {
  const refusals = (device: string, facts = POOL) =>
    planPresent(facts, attach(device, "gpu1"), DEV).refusals.map((refusal) => refusal.guard);
  expect(refusals("00:17.0")).toContain("boot-device");
  expect(refusals("00:1c.0")).toContain("bridge");
  expect(refusals("00:17.0", onPciback(POOL, "0000:00:17.0"))).toEqual([]);
});

test("without an IOMMU the VM would not start", () => {
  const facts: HostFacts = { ...POOL, xen: { major: 4, minor: 17, iommu: false, xl: true } };
  expect(planPresent(facts, attach(NIC, "gpu1"), DEV).refusals).toMatchObject([{ guard: "no-iommu" }]);
  expect(planPresent(facts, attach(NIC, "gpu1", { allow: ["no-iommu"] }), DEV).refusals).toEqual([]);
});

describe("preview warns", () => {
  const warnings = (facts: HostFacts, vm: string, device = NIC, program = DEV.program) =>
    planPresent(facts, attach(device, vm), { ...DEV, program }).warnings.join("\n");

  test("that the VM cannot be migrated, suspended or checkpointed", () => {
    expect(warnings(POOL, "gpu1")).toContain('the VM "gpu1" cannot be migrated, suspended or checkpointed');
  });

  test("whether high availability protects it", () => {
    expect(warnings(POOL, "router")).toContain('high availability protects the VM "router" (restart)');
    expect(warnings(POOL, "gpu1")).toContain('high availability does not protect the VM "gpu1", and should not');
    expect(warnings(withPool(POOL, { haEnabled: false }), "router")).toContain('would protect the VM "router"');
  });

  test("where the pool may start it", () => {
    expect(warnings(POOL, "gpu1")).toContain('the pool has 2 hosts: start the VM "gpu1" only on xcp1');
    expect(warnings(POOL, "router")).toContain(
      `no home server, so the pool may start it on a host other than xcp1, where it would get the device that has this address. Set the home server: xe vm-param-set uuid=${vmOf(POOL, "router").uuid} affinity=${POOL.xapi?.hostUuid}`,
    );
    expect(warnings(ALONE, "media", "0000:04:00.0")).not.toContain("home server");
  });

  test("of snapshots, which take the key back", () => {
    expect(warnings(ALONE, "Windows 7 (64-bit) (1)", "0000:04:00.0")).toContain(
      "has snapshots: reverting to one restores other-config:pci",
    );
  });

  test("of pieces that XAPI ignores", () => {
    const facts = withVm(POOL, "gpu1", { pci: "0/0000:01:00.1, 1/0000:01:00.0,04:00.0" });
    const shown = warnings(facts, "gpu1");
    expect(shown).toContain('XAPI ignores " 1/0000:01:00.0" in other-config:pci of the VM "gpu1"');
    expect(shown).toContain('XAPI ignores "04:00.0"');
  });

  test("of a device that is not hidden, unless the program hides it", () => {
    const hidden = { kind: "HiddenPciDevice" as const, label: "hidden", target: target(NIC), vm: undefined };
    expect(warnings(POOL, "gpu1")).toContain(
      `${NIC} is not hidden: when the VM starts, XAPI takes it from the driver igb`,
    );
    expect(warnings(POOL, "gpu1", NIC, [hidden])).not.toContain("is not hidden");
    expect(warnings(onPciback(POOL), "gpu1")).not.toContain("is not hidden");
  });

  test("of devices that XAPI keeps no record of", () => {
    expect(warnings(POOL, "gpu1", "0000:00:14.0")).toContain("XAPI keeps no record of devices such as 0000:00:14.0");
    expect(warnings(POOL, "gpu1")).not.toContain("keeps no record");
  });

  test("of GPU groups, and of networks that hand out virtual functions", () => {
    const facts = withPool(POOL, { gpuGroups: [{ vm: "cad", group: "Group of NVIDIA GPUs" }] });
    const wish = attach("01:00.0", "gpu1", { allow: ["console-display"] });
    expect(planPresent(facts, wish, DEV).warnings.join("\n")).toContain('the VM "cad" has a GPU of the group');
    const nic = POOL.pciDevices.get(address(NIC));
    if (!nic) throw new Error("no NIC");
    const sriov: HostFacts = {
      ...withPool(POOL, { sriovNics: ["eth0"] }),
      pciDevices: new Map(POOL.pciDevices).set(nic.address, { ...nic, physicalFunction: address("02:00.0") }),
    };
    expect(warnings(sriov, "gpu1")).toContain(`${NIC} is a virtual function of eth0`);
  });
});

test("the end of an attachment says that a running VM keeps the device until it is shut down", () => {
  const wish = attach(NIC, "gpu1");
  const after = simulate(POOL, planPresent(POOL, wish, DEV).steps);
  const hostUuid = after.xapi?.hostUuid;
  const running: HostFacts = {
    ...withVm(after, "gpu1", { powerState: "running", residentOn: hostUuid, domainId: 5 }),
    domains: listed({
      id: 5,
      name: "gpu1",
      uuid: undefined,
      paused: false,
      startedForDevices: false,
      disks: [],
      pciDevices: [{ address: address(NIC) }],
    }),
  };
  expect(statusOfWish(running, wish, keyOf(running, wish) ?? "")).toMatchObject({ active: true, configured: true });
  expect(planAbsent(running, wish, DEV).effects).toEqual([
    loss('other-config:pci of the VM "gpu1" is removed'),
    neither(`the VM "gpu1" keeps ${NIC} until it is shut down; a reboot of the guest is not enough`),
  ]);
});

test("a VM that became a template gives its key back all the same, and one that is gone needs nothing", () => {
  const { uuid } = vmOf(POOL, "gpu1");
  const after = simulate(POOL, planPresent(POOL, attach(NIC, "gpu1"), DEV).steps);
  const stored = attach(NIC, uuid);
  const template = withVm(after, "gpu1", { kind: "template" });
  expect(vmOf(simulate(template, planAbsent(template, stored, DEV).steps), "gpu1").pci).toBeUndefined();
  const gone = withPool(after, { vms: poolOf(after).vms.filter((vm) => vm.uuid !== uuid) });
  expect(planAbsent(gone, stored, DEV).steps.map((step) => step.kind)).toEqual(["drop-claim"]);
});

test("without xl a device can be hidden, and not be made assignable now", () => {
  const facts: HostFacts = { ...POOL, xen: { major: 4, minor: 17, iommu: true, xl: false } };
  const common = { target: target(NIC), driver: undefined, expect: [], allow: [], toolstack: undefined };
  const assign = planPresent(facts, { kind: "AssignableDevice", group: false, ...common }, DEV);
  expect(assign.refusals[0]?.message).toContain('"xl info" fails there');
  expect(
    planPresent(facts, { kind: "HiddenPciDevice", trialBoot: TRIAL_BOOT, mechanism: "auto", ...common }, DEV).refusals,
  ).toEqual([]);
});

describe("XAPI that does not answer", () => {
  const SAID: readonly (readonly [string, string])[] = [
    ["Cannot perform operation as the host is running in emergency mode.", "lost its coordinator 10.0.0.10"],
    [
      "You cannot make regular API calls directly on a slave. Please pass API calls via the master host.",
      'run "xe pool-recover-slaves" there',
    ],
    [
      "The host is its own slave. Please use pool-emergency-transition-to-master or pool-emergency-reset-master.",
      "pool-recover-slaves",
    ],
    ["The host toolstack is still initialising. Please wait.", "Wait until it has started"],
    ["Error: Connection refused (calling connect )", "xe-toolstack-restart"],
    ["Lost connection to the server.", "xe-toolstack-restart"],
  ];
  test.each(SAID)("%j: neither done nor taken for gone", (said, advice) => {
    const wish = attach(NIC, "gpu1");
    const after = simulate(POOL, planPresent(POOL, wish, DEV).steps);
    const xapi = { ...(after.xapi as NonNullable<HostFacts["xapi"]>), coordinator: "10.0.0.10" };
    const silent: HostFacts = { ...after, xapi: { ...xapi, answer: { kind: "silent", said } } };
    for (const plan of [
      planPresent(silent, wish, DEV),
      planAbsent(silent, attach(NIC, vmOf(POOL, "gpu1").uuid), DEV),
    ]) {
      expect(plan.steps).toEqual([]);
      expect(plan.refusals[0]?.message).toContain(`XAPI does not answer. xe says: ${said}`);
      expect(plan.refusals[0]?.message).toContain(advice);
    }
    expect(isGone({ ...silent, claims: [] }, wish, "VmPciAttachment/x/y")).toBe(false);
  });
});
