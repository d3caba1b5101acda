import { HIDE_FILE } from "../../provider/boot/modprobe-files";
import { formatRunRecord, type RunRecord } from "../../provider/claims/run-record";
import type { HostFacts } from "../../provider/facts/host-facts";
import { neither } from "../../provider/plan/effect";
import { isGone, planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import { isEmpty, type Plan } from "../../provider/plan/plan";
import type { AssignWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { hide } from "./hide-wish";
import { LAB, ownedBy, target } from "./recorded-host";

const DEV = ownedBy("dev", "token-1");
const COMMON = { expect: [], allow: [], driver: undefined, toolstack: undefined } as const;
const NIC = hide("01:00.0");
const OTHER_NIC = hide("01:00.1");
const ASSIGNABLE: AssignWish = { ...COMMON, kind: "AssignableDevice", target: target("02:00.0"), group: false };

const KEY = "HiddenPciDevice/0000:01:00.0";
const OWED: RunRecord = { version: 1, regenerate: [{ what: "initramfs" }], bootChanges: [], removals: [], forget: [] };

/** The host after a run that was cut off, with this record. */
function owing(facts: HostFacts, record: Partial<RunRecord>): HostFacts {
  const whole = { ...OWED, ...record };
  const path = "/var/lib/pulumi-pci-passthrough/unfinished/run-0";
  return { ...facts, unfinishedRuns: [{ path, text: formatRunRecord(whole), record: whole }] };
}

function inNextBoot(facts: HostFacts): HostFacts {
  return { ...facts, machine: { ...facts.machine, bootId: "next-boot" }, removals: [] };
}

const kindsOf = (plan: Plan) => plan.steps.map(({ kind }) => kind);
const HIDDEN = simulate(LAB, planPresent(LAB, NIC, DEV).steps);
const BOTH = simulate(HIDDEN, planPresent(HIDDEN, OTHER_NIC, ownedBy("dev", "token-2")).steps);

test("what is as wanted is rebuilt, in the boot of the run that was cut off", () => {
  const plan = planPresent(owing(HIDDEN, { bootChanges: [KEY] }), NIC, DEV);
  expect(kindsOf(plan)).toEqual(["finish-run"]);
  expect(plan).toMatchObject({ regenerate: [{ what: "initramfs" }], refusals: [] });
  expect(plan.effects).toContainEqual(
    neither("an earlier run was cut off before it could rebuild the initramfs: this is done now"),
  );
});

test("after a reboot, the boot change counts from this boot, whoever finishes it", () => {
  const facts = inNextBoot(owing(BOTH, { bootChanges: [KEY] }));
  for (const [wish, token] of [
    [NIC, "token-1"],
    [OTHER_NIC, "token-2"],
  ] as const) {
    const plan = planPresent(facts, wish, ownedBy("dev", token));
    expect(plan.steps).toMatchObject([
      { kind: "finish-run" },
      {
        kind: "write-claim",
        key: KEY,
        before: { bootChange: `${LAB.machine.bootId}/token-1` },
        claim: { bootChange: "next-boot/token-1" },
      },
    ]);
    const after = simulate(facts, plan.steps);
    expect(isEmpty(planPresent(after, wish, ownedBy("dev", token)))).toBe(true);
  }
});

test("a create that is tried again writes its claim once, with its new token", () => {
  const facts = inNextBoot(owing(HIDDEN, { bootChanges: [KEY] }));
  const claims = planPresent(facts, NIC, ownedBy("dev", "token-9")).steps.filter(({ kind }) => kind === "write-claim");
  expect(claims).toMatchObject([
    { before: { token: "token-1", bootChange: `${LAB.machine.bootId}/token-1` }, claim: { token: "token-9" } },
  ]);
});

test("a delete whose claim is gone already rebuilds, and notes its removal in this boot", () => {
  const removal = { version: 1, project: "test", stack: "dev", key: KEY, bootId: LAB.machine.bootId } as const;
  const facts = inNextBoot(owing(LAB, { removals: [removal] }));
  const plan = planAbsent(facts, NIC, DEV);
  expect(plan.steps).toMatchObject([
    { kind: "finish-run" },
    { kind: "note-removal", removal: { ...removal, bootId: "next-boot" } },
  ]);
  expect(plan.regenerate).toEqual([{ what: "initramfs" }]);
  const after = simulate(facts, plan.steps);
  expect(isEmpty(planAbsent(after, NIC, DEV))).toBe(true);
  expect([facts, after].map((now) => isGone(now, NIC, KEY))).toEqual([false, true]);
});

test("a delete whose claim is left ends it, with the copies of the original texts", () => {
  const path = HIDE_FILE;
  const shared = planAbsent(owing(BOTH, { forget: [path] }), NIC, DEV).steps[0];
  expect(shared).toMatchObject({ kind: "finish-run", forget: [] });
  const last = planAbsent(owing(HIDDEN, { forget: [path] }), NIC, DEV);
  expect(last.steps[0]).toMatchObject({ kind: "finish-run", forget: [path] });
  expect(kindsOf(last)).toContain("drop-claim");
});

test("what does not change the boot rebuilds nothing, and clears up when it ends", () => {
  const owes = owing(LAB, {});
  expect(kindsOf(planPresent(owes, ASSIGNABLE, DEV))).not.toContain("finish-run");
  expect(isEmpty(planAbsent(owes, ASSIGNABLE, DEV))).toBe(true);
  const left = planAbsent(owing(LAB, { regenerate: [], forget: ["/etc/xen/a.cfg"] }), ASSIGNABLE, DEV);
  expect(left.steps).toMatchObject([{ kind: "finish-run", forget: ["/etc/xen/a.cfg"] }]);
});
