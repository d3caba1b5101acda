import fc from "fast-check";
import type { HostFacts } from "../../provider/facts/host-facts";
import type { PciDevice } from "../../provider/facts/pci-devices";
import { virtualFunctionsRules } from "../../provider/facts/virtual-functions";
import type { PciAddress } from "../../provider/pci/address";
import { gain, neither } from "../../provider/plan/effect";
import { planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { VirtualFunctionsWish } from "../../provider/plan/wish";
import type { Step } from "../../provider/steps/steps";
import { simulate } from "../../provider/steps/steps";
import { withFiles } from "./host-files";
import { address, LAB, listed, ownedBy, target } from "./recorded-host";

const CONTROLLER = address("03:00.0");
const DEV = ownedBy("dev", "token-1", "functions");
const RULE = `/etc/udev/rules.d/70-pulumi-pci-passthrough-${CONTROLLER}.rules`;

function wish(count: number, more: Partial<VirtualFunctionsWish> = {}): VirtualFunctionsWish {
  return {
    kind: "SriovVirtualFunctions",
    target: target("03:00.0"),
    count,
    expect: [],
    allow: [],
    toolstack: undefined,
    ...more,
  };
}

/** The lab host with virtual functions that somebody made, each as told. */
function having(facts: HostFacts, ...functions: readonly Partial<PciDevice>[]): HostFacts {
  const physical = facts.pciDevices.get(CONTROLLER);
  const before = facts.virtualFunctions.physicalFunctions.get(CONTROLLER);
  if (!physical || !before) throw new Error("the lab host has that controller");
  const made = functions.map(
    (text, index): PciDevice => ({
      ...physical,
      address: address(`03:00.${index + 1}`),
      driver: undefined,
      physicalFunction: CONTROLLER,
      ...text,
    }),
  );
  const pciDevices = new Map([...facts.pciDevices, ...made.map((device) => [device.address, device] as const)]);
  const state = { ...before, count: made.length, functions: made.map((device) => device.address) };
  const physicalFunctions = new Map(facts.virtualFunctions.physicalFunctions).set(CONTROLLER, state);
  return { ...facts, pciDevices, virtualFunctions: { ...facts.virtualFunctions, physicalFunctions } };
}

const kinds = (steps: readonly Step[]) => steps.map((step) => step.kind);
const made = (count: number) => {
  const facts = simulate(LAB, planPresent(LAB, wish(count), DEV).steps);
  return having(facts, ...Array.from({ length: count }, () => ({})));
};

test("the number, and a rule that makes it at each boot", () => {
  const { steps, effects, refusals } = planPresent(LAB, wish(2), DEV);
  expect(refusals).toEqual([]);
  expect(kinds(steps)).toEqual(["write-claim", "set-virtual-functions", "edit-file"]);
  expect(steps[2]).toMatchObject({ path: RULE, before: undefined });
  expect(effects).toEqual([
    gain(
      "0000:03:00.0 gets 2 virtual functions (Non-Volatile memory controller: Red Hat, Inc. QEMU NVM Express Controller (rev 02))",
    ),
    neither("a udev rule creates the 2 virtual functions of 0000:03:00.0 at each boot"),
  ]);
});

test("its outputs are the addresses in the device's own order", () => {
  const facts = made(2);
  const status = statusOfWish(facts, wish(2), "SriovVirtualFunctions/0000:03:00.0");
  expect(status).toMatchObject({
    addresses: ["0000:03:00.1", "0000:03:00.2"],
    configured: true,
    active: true,
    pending: "none",
  });
  expect(planPresent(facts, wish(2), DEV).steps).toEqual([]);
});

test("any mix of numbers, and the end: what was there before us is there again", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 0, max: 4 }), (wanted, before) => {
      const start = having(LAB, ...Array.from({ length: before }, () => ({})));
      const [first = 1, ...rest] = before === 0 ? wanted : [before, ...wanted];
      let facts = start;
      for (const count of [first, ...rest]) {
        const plan = planPresent(facts, wish(count), DEV);
        expect(plan.refusals).toEqual([]);
        facts = having(simulate(facts, plan.steps), ...Array.from({ length: count }, () => ({})));
        expect(planPresent(facts, wish(count), DEV).steps).toEqual([]);
      }
      const end = simulate(facts, planAbsent(facts, wish(rest.at(-1) ?? first), DEV).steps);
      expect(end.virtualFunctions.physicalFunctions.get(CONTROLLER)?.count).toBe(before);
      expect([virtualFunctionsRules(end.files), end.claims]).toEqual([[], []]);
    }),
  );
});

test("a number that we did not make is taken over when it is the same, and stays in the end", () => {
  const facts = having(LAB, {}, {});
  const plan = planPresent(facts, wish(2), DEV);
  expect(kinds(plan.steps)).toEqual(["write-claim", "edit-file"]);
  expect(plan.effects[0]).toEqual(
    neither("0000:03:00.0 has 2 virtual functions already: adopted as found, and left there by a destroy"),
  );
  const after = simulate(facts, plan.steps);
  expect(kinds(planAbsent(after, wish(2), DEV).steps)).toEqual(["edit-file", "drop-claim"]);
});

test("a change of the number that was cut off before it began is taken up again, or taken back in the end", () => {
  const two = made(2);
  const { steps } = planPresent(two, wish(3), DEV);
  const cutOff = simulate(two, steps.slice(0, 1));
  expect(kinds(steps.slice(0, 1))).toEqual(["write-claim"]);
  expect(planPresent(cutOff, wish(3), DEV)).toMatchObject({ refusals: [], steps: steps.slice(1) });
  expect(kinds(planAbsent(cutOff, wish(3), DEV).steps)).toEqual(["set-virtual-functions", "edit-file", "drop-claim"]);
});

test("a number that somebody else set after us stays in the end", () => {
  const facts = having(made(2), {}, {}, {});
  const { steps, effects } = planAbsent(facts, wish(2), DEV);
  expect(kinds(steps)).toEqual(["edit-file", "drop-claim"]);
  expect(effects).toEqual([neither("0000:03:00.0 keeps 3 virtual functions, which this resource did not make")]);
});

const NIC_ON_FUNCTION: Partial<HostFacts> = {
  network: {
    ...LAB.network,
    interfaces: [
      ...LAB.network.interfaces,
      {
        name: "vf0",
        addresses: ["192.0.2.9"],
        carriedBy: address("03:00.1"),
        lower: [],
        up: true,
        tunnel: false,
        routed: false,
      },
    ],
  },
};
const DISK_ON_FUNCTION: Partial<HostFacts> = {
  storage: {
    ...LAB.storage,
    uses: [
      ...LAB.storage.uses,
      {
        purpose: { kind: "mount", point: "/srv" },
        blockDevices: ["nvme1n1"],
        carriedBy: [address("03:00.1")],
        untraced: undefined,
      },
    ],
  },
};
const VM_WITH_FUNCTION: Partial<HostFacts> = {
  domains: listed({
    id: 7,
    name: "web1",
    uuid: undefined,
    paused: false,
    startedForDevices: true,
    disks: [],
    pciDevices: [{ address: address("03:00.1") }],
  }),
};

const refused: readonly [string, HostFacts, VirtualFunctionsWish, RegExp][] = [
  ["more than the device can have", LAB, wish(5), /can have at most 4 virtual functions, but the program wants 5/],
  ["a device without SR-IOV", LAB, wish(2, { target: target("01:00.0") }), /cannot have virtual functions/],
  [
    "a device that is not there",
    LAB,
    wish(2, { target: target("0f:00.0") }),
    /^the host has no device 0000:0f:00\.0\. List its devices: "npx pulumi-pci-passthrough devices <host>"$/,
  ],
  [
    "a function that its slot does not have",
    LAB,
    wish(2, { target: target("01:00.5") }),
    /has no device 0000:01:00\.5: the slot has 0000:01:00\.0, 0000:01:00\.1\. List/,
  ],
  [
    "a virtual function",
    having(LAB, {}),
    wish(2, { target: target("03:00.1") }),
    /is itself a virtual function\. Name its physical function 0000:03:00\.0/,
  ],
  [
    "another number than somebody made",
    having(LAB, {}, {}),
    wish(3),
    /has 2 virtual functions that this resource did not make/,
  ],
  [
    "a host without udev",
    { ...LAB, virtualFunctions: { ...LAB.virtualFunctions, udev: false } },
    wish(2),
    /no udev to create them again/,
  ],
  [
    "a device on the stub driver",
    simulate(LAB, [{ kind: "make-assignable", address: CONTROLLER, from: "nvme", stub: "pciback", by: "xl" }]),
    wish(2),
    /has the stub driver pciback/,
  ],
  ["while one is on the stub driver", having(made(1), { driver: "vfio-pci" }), wish(2), /0000:03:00\.1 is on vfio-pci/],
  [
    "while several are, in one message",
    having(made(3), { driver: "vfio-pci" }, { driver: "vfio-pci" }, { driver: "vfio-pci" }),
    wish(4),
    /^3 of its virtual functions are on vfio-pci, for VMs, the first is 0000:03:00\.1, and changing their number/,
  ],
  [
    "while a VM has one",
    { ...made(1), ...VM_WITH_FUNCTION },
    wish(2),
    /the VM "web1" \(domain 7\) has 0000:03:00\.1 now/,
  ],
  ["while one carries an address of the host", { ...made(1), ...NIC_ON_FUNCTION }, wish(2), /192\.0\.2\.9/],
  ["while one carries a mounted disk", { ...made(1), ...DISK_ON_FUNCTION }, wish(2), /which the host uses for \/srv/],
];
test.each(refused)("is refused: %s", (_, facts, wanted, reason) => {
  expect(planPresent(facts, wanted, DEV).refusals).toMatchObject([{ message: expect.stringMatching(reason) }]);
});

test("the end is refused while one is used, and nothing is while none goes away", () => {
  const used = { ...made(1), ...DISK_ON_FUNCTION };
  expect(planAbsent(used, wish(1), DEV).refusals).toMatchObject([{ guard: "mounted-storage" }]);
  expect(planPresent(used, wish(1), DEV).refusals).toEqual([]);
  expect(planPresent(used, wish(2, { allow: ["mounted-storage"] }), DEV).refusals).toEqual([]);
});

test("an edited rule is written again, and so is the number after somebody took it away", () => {
  const facts = made(2);
  const rules = virtualFunctionsRules(facts.files).map((file) => ({ ...file, text: `# mine\n${file.text}` }));
  const edited = withFiles(facts, ...rules);
  expect(kinds(planPresent(edited, wish(2), DEV).steps)).toEqual(["edit-file"]);
  expect(kinds(planPresent(having(facts), wish(2), DEV).steps)).toEqual(["set-virtual-functions"]);
});

test("to another stack it is refused, and a renamed resource keeps them", () => {
  const facts = made(2);
  expect(planPresent(facts, wish(2), ownedBy("prod", "token-2")).refusals).toMatchObject([{ guard: "claimed" }]);
  const renamed = ownedBy("dev", "token-3", "new-name");
  const moved = simulate(facts, planPresent(facts, wish(2), renamed).steps);
  expect(planAbsent(moved, wish(2), DEV).steps).toEqual([]);
  const numbers = (facts: HostFacts) => facts.virtualFunctions.physicalFunctions.get(CONTROLLER as PciAddress)?.count;
  expect(numbers(moved)).toBe(2);
});
