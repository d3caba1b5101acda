import type { HostFacts } from "../../provider/facts/host-facts";
import type { PciIdentity } from "../../provider/facts/pci-devices";
import { planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import type { DeviceWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { address, LAB, ownedBy, TRIAL_BOOT, target } from "./recorded-host";

const NIC = address("0000:01:00.0");
const FREE = address("0000:02:00.0");
const DEV = ownedBy("dev", "token-1");
const common = { target: target("01:00.0"), expect: [], allow: [], toolstack: undefined };
const wishes: readonly DeviceWish[] = [
  { kind: "AssignableDevice", driver: undefined, group: false, ...common },
  { kind: "HiddenPciDevice", trialBoot: TRIAL_BOOT, driver: undefined, mechanism: "auto", ...common },
  { kind: "VmPciAttachment", vm: "pv1", scope: "auto", options: {}, ...common },
];

/** Another device is at an address. */
function withIdentity(facts: HostFacts, where: typeof NIC, identity: Partial<PciIdentity>): HostFacts {
  const device = facts.pciDevices.get(where);
  if (!device) throw new Error(`${where} is not there`);
  const changed = { ...device, identity: { ...device.identity, ...identity } };
  return { ...facts, pciDevices: new Map(facts.pciDevices).set(where, changed) };
}

const OTHER = { id: "1000:0097", subsystem: "1000:3040", label: "SAS controller: LSI SAS3008" };
/** The NIC of 01:00.0 was made a resource of, and is at 02:00.0 after a change of the hardware. */
function renumbered(wish: DeviceWish): HostFacts {
  const nic = { id: "8086:10d3", subsystem: "15d9:060a" };
  const before = withIdentity(withIdentity(LAB, FREE, OTHER), NIC, nic);
  const claimed = simulate(before, planPresent(before, wish, DEV).steps);
  return withIdentity(withIdentity(claimed, NIC, OTHER), FREE, nic);
}

describe.each(wishes.map((wish) => [wish.kind, wish] as const))("a %s whose device moved", (_, wish) => {
  const facts = renumbered(wish);

  test("is refused, and the refusal names the new address", () => {
    const { refusals } = planPresent(facts, { ...wish, allow: [] }, DEV);
    expect(refusals).toContainEqual({
      guard: "identity",
      message: expect.stringMatching(
        /^0000:01:00\.0 is SAS controller: LSI SAS3008 \(1000:0097\) now, but this resource was created for another device: 8086:10d3 \(subsystem \S+\) is at 0000:02:00\.0 now\. Declare its new address/,
      ),
    });
  });

  test("ends without touching what is at the old address, and its claim goes", () => {
    const { steps, effects, refusals } = planAbsent(facts, wish, DEV);
    expect(refusals).toEqual([]);
    expect(steps.filter(({ kind }) => ["release", "detach", "make-assignable"].includes(kind))).toEqual([]);
    expect(simulate(facts, steps).claims).toEqual([]);
    expect(effects.map(({ text }) => text).join("\n")).toContain(
      "0000:01:00.0 is left alone: it is SAS controller: LSI SAS3008 now",
    );
  });
});

test("of a slot, only the function that is another device now is left alone", () => {
  const wish: DeviceWish = {
    kind: "AssignableDevice",
    driver: undefined,
    group: false,
    ...common,
    target: target("01:00"),
  };
  const claimed = simulate(LAB, planPresent(LAB, wish, DEV).steps);
  const { steps } = planAbsent(withIdentity(claimed, NIC, OTHER), wish, DEV);
  expect(steps).toMatchObject([{ kind: "release", address: "0000:01:00.1" }, { kind: "drop-claim" }]);
});
