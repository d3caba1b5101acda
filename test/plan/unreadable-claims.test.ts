import type { ClaimReading } from "../../provider/claims/claim";
import type { HostFacts } from "../../provider/facts/host-facts";
import { keyOf as keyOfWish, planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import type { AttachWish, DeviceWish, IommuWish, RebootWish } from "../../provider/plan/wish";
import { LAB, ownedBy, TRIAL_BOOT, target } from "./recorded-host";

const DEV = ownedBy("dev", "token-1");
const device = { target: target("01:00.0"), expect: [], allow: [], toolstack: undefined };
const attach: AttachWish = { kind: "VmPciAttachment", ...device, vm: "pv1", scope: "auto", options: {} };
const wishes: readonly (DeviceWish | IommuWish | RebootWish)[] = [
  { kind: "HiddenPciDevice", trialBoot: TRIAL_BOOT, ...device, driver: undefined, mechanism: "auto" },
  { kind: "AssignableDevice", ...device, driver: undefined, group: false },
  { kind: "IommuBootParameters", trialBoot: TRIAL_BOOT },
  {
    kind: "HostReboot",
    trialBoot: TRIAL_BOOT,
    triggers: [],
    when: "always",
    allowRunningVms: true,
    timeoutSeconds: 60,
    maxParallel: 1,
  },
  { kind: "SriovVirtualFunctions", ...device, target: target("03:00.0"), count: 2 },
];

/** The lab host, on which this claim cannot be read. */
function holding(key: string, unreadable: Exclude<ClaimReading, { kind: "claim" }>): HostFacts {
  return { ...LAB, claims: [{ key, unreadable }] };
}

const keyOf = (wish: (typeof wishes)[number]) => {
  const [step] = planPresent(LAB, wish, DEV).steps;
  return step?.kind === "write-claim" ? step.key : wish.kind;
};

test.each(wishes.map((wish) => [wish.kind, wish] as const))(
  "%s: a claim that a newer version wrote is refused, with what to do, and nothing is overwritten",
  (_, wish) => {
    const facts = holding(keyOf(wish), { kind: "newer", version: 3 });
    expect(planPresent(facts, wish, DEV).refusals).toContainEqual({
      guard: "claimed",
      message: expect.stringMatching(/a newer version of pulumi-pci-passthrough .*version 3.*Upgrade the package/),
    });
  },
);

test("a damaged claim is refused at its end too: what gives the device back may be in it", () => {
  const wish = wishes[1] as DeviceWish;
  const facts = holding(keyOf(wish), { kind: "damaged", reason: "it is not JSON" });
  for (const plan of [planPresent(facts, wish, DEV), planAbsent(facts, wish, DEV)])
    expect(plan.refusals).toMatchObject([
      { guard: "claimed", message: expect.stringMatching(/it is not JSON.*claims/) },
    ]);
  expect(planAbsent(facts, wish, DEV).steps).toEqual([]);
});

test("the end of an attachment whose claim is damaged changes nothing", () => {
  const facts = holding(keyOfWish(LAB, attach) ?? "", { kind: "damaged", reason: "it is not JSON" });
  expect(planAbsent(facts, attach, DEV)).toMatchObject({ steps: [], refusals: [{ guard: "claimed" }] });
});

test("a claim of another device hinders nobody", () => {
  const facts = holding("AssignableDevice/0000:02:00.0", { kind: "damaged", reason: "it is not JSON" });
  expect(planPresent(facts, attach, DEV).refusals).toEqual([]);
});
