import type { HostFacts } from "../../provider/facts/host-facts";
import { neither } from "../../provider/plan/effect";
import { isHidden } from "../../provider/plan/hide/hide-mechanisms";
import { madeOtherwise, planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import { vmPlannerOf } from "../../provider/plan/toolstacks/vm-planners";
import type { AssignWish, Wish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { attach } from "./attach-wish";
import { hide } from "./hide-wish";
import { textFile, withVmConfigs } from "./host-files";
import { kvm, vm } from "./kvm-host";
import { address, LAB, ownedBy, target } from "./recorded-host";
import { factsOf, withVm } from "./xenserver-hosts";

const NIC = address("01:00.0");
const OTHER = address("01:00.1");
const SLOT = "0000:01:00";
const common = { expect: [], allow: [], toolstack: undefined, driver: undefined } as const;
const assign = (device: string, more: Partial<AssignWish> = {}): AssignWish => ({
  kind: "AssignableDevice",
  target: target(device),
  group: false,
  ...common,
  ...more,
});

const FIRST = ownedBy("dev", "token-1", "first");
const SECOND = ownedBy("dev", "token-2", "second");
const made = (facts: HostFacts, wish: Wish, owner = FIRST) => simulate(facts, planPresent(facts, wish, owner).steps);
const ended = (facts: HostFacts, wish: Wish, owner = FIRST) => simulate(facts, planAbsent(facts, wish, owner).steps);
const driversOf = ({ pciDevices }: HostFacts) => [NIC, OTHER].map((function_) => pciDevices.get(function_)?.driver);
const hiddenOf = (facts: HostFacts) => [NIC, OTHER].filter((function_) => isHidden(facts, function_));

describe("a slot after one of its functions, under another name", () => {
  test("keeps the function that the first one lets go of, and gives it back at its own end", () => {
    const both = made(made(LAB, assign(NIC)), assign(SLOT), SECOND);
    const slot = ended(both, assign(NIC));
    expect(driversOf(slot)).toEqual(["pciback", "pciback"]);
    expect(driversOf(ended(slot, assign(SLOT), SECOND))).toEqual(["e1000e", "e1000e"]);
  });

  test("keeps it hidden, and takes all out of the boot files at its own end", () => {
    const both = made(made(LAB, hide(NIC)), hide(SLOT), SECOND);
    const slot = ended(both, hide(NIC));
    expect(hiddenOf(slot)).toEqual([NIC, OTHER]);
    const { files, claims } = ended(slot, hide(SLOT), SECOND);
    expect({ files, claims }).toEqual({ files: LAB.files, claims: LAB.claims });
  });

  test("is refused where another stack has the function", () => {
    const theirs = made(LAB, assign(NIC), ownedBy("prod", "token-9"));
    expect(planPresent(theirs, assign(SLOT), FIRST).refusals).toMatchObject([{ guard: "claimed" }]);
  });
});

test("a function after its slot leaves the other one to the host", () => {
  const both = made(made(LAB, assign(SLOT)), assign(OTHER), SECOND);
  const left = ended(both, assign(SLOT));
  expect(driversOf(left)).toEqual(["e1000e", "pciback"]);
  expect(driversOf(ended(left, assign(OTHER), SECOND))).toEqual(["e1000e", "e1000e"]);
});

const WEB = withVmConfigs(LAB, textFile("/etc/xen/web.cfg", 'name = "web"\n'));
describe.each([
  ["xl", () => WEB],
  ["xend", () => ({ ...WEB, xen: WEB.xen && { ...WEB.xen, xl: false }, xend: { answers: true, commands: [] } })],
  ["libvirt", () => kvm([vm("web")])],
  ["XAPI", poolWithWeb],
])("attachments of a slot and of its function under another name, on %s", (_, host) => {
  let facts: HostFacts;
  beforeAll(async () => {
    facts = await host();
  });
  const inVm = (now: HostFacts) =>
    [NIC, OTHER].filter((function_) => vmPlannerOf(now, { toolstack: undefined })?.isConfigured(now, "web", function_));

  test("the slot keeps the function that the first one lets go of, and takes out all at its own end", () => {
    const both = made(made(facts, attach(NIC, "web")), attach(SLOT, "web"), SECOND);
    const slot = ended(both, attach(NIC, "web"));
    expect(inVm(slot)).toEqual([NIC, OTHER]);
    expect(ended(slot, attach(SLOT, "web"), SECOND)).toEqual(facts);
  });

  test("the function stays when its slot goes", () => {
    const both = made(made(facts, attach(SLOT, "web")), attach(OTHER, "web"), SECOND);
    const { effects } = planAbsent(both, attach(SLOT, "web"), FIRST);
    expect(effects).toContainEqual(neither(`${OTHER} stays in the VM "web", as "second" has it, too`));
    const single = ended(both, attach(SLOT, "web"));
    expect(inVm(single)).toEqual([OTHER]);
    expect(ended(single, attach(OTHER, "web"), SECOND)).toEqual(facts);
  });
});

/** A pool whose halted VM is called "web", and no VM has the NIC. */
async function poolWithWeb(): Promise<HostFacts> {
  const pool = withVm(await factsOf("xcpng-8.3"), "db2", { pci: undefined, powerState: "halted" });
  return withVm(pool, "gpu1", { name: "web" });
}

describe("a group that shrinks", () => {
  const group = made(kvm([]), assign(NIC, { group: true }));

  test("is refused where the rest is of no use to a VM", () => {
    expect(driversOf(group)).toEqual(["vfio-pci", "vfio-pci"]);
    expect(planPresent(group, assign(NIC), FIRST).refusals).toMatchObject([{ guard: "iommu-group" }]);
  });

  test("gives the others back, if that is allowed", () => {
    const shrunk = made(group, assign(NIC, { allow: ["iommu-group"] }));
    expect(driversOf(shrunk)).toEqual(["vfio-pci", "e1000e"]);
    expect(planPresent(shrunk, assign(NIC, { allow: ["iommu-group"] }), FIRST).steps).toEqual([]);
  });
});

test.each([
  ["initramfs", ["mechanism"]],
  ["modprobe", []],
  ["auto", []],
] as const)("hidden by modprobe, the mechanism %s is another resource: %j", (mechanism, inputs) => {
  const [claimed] = made(LAB, hide(NIC)).claims.flatMap((found) => ("claim" in found ? [found.claim] : []));
  if (!claimed) throw new Error("no claim");
  expect(madeOtherwise(claimed, hide(NIC, { mechanism }))).toEqual(inputs);
});
