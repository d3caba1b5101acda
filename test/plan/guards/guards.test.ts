import { GUARD_NAMES } from "../../../provider/plan/guards/guard-name";
import { planPresent } from "../../../provider/plan/kinds/kinds";
import { ownedBy } from "../recorded-host";
import { CONSOLE } from "./cases/console";
import { LAB_HOST } from "./cases/lab-host";
import { MEMBERS } from "./cases/members";
import { MOUNTED_STORAGE } from "./cases/mounted-storage";
import { PROCESSES } from "./cases/processes";
import { UNTRACED_STORAGE } from "./cases/untraced-storage";
import { VM_DISKS } from "./cases/vm-disks";
import { factsOf, type Situation, wishOf } from "./situation";

const GROUPS: Readonly<Record<string, readonly Situation[]>> = {
  "disks that the host has mounted": MOUNTED_STORAGE,
  "disks that cannot be found": UNTRACED_STORAGE,
  "disks that are part of something": MEMBERS,
  "disks of VMs": VM_DISKS,
  "what the console is on": CONSOLE,
  "devices that processes have open": PROCESSES,
  "a real host that uses its devices": LAB_HOST,
};

const DEV = ownedBy("dev", "token-1");

describe.each(Object.entries(GROUPS))("%s", (_, situations) => {
  test.each(situations.map((situation) => [situation.title, situation] as const))("%s", (_title, situation) => {
    const facts = factsOf(situation);
    const wish = wishOf(situation);
    const { refusals } = planPresent(facts, wish, DEV);
    expect(refusals).toEqual(
      situation.refused.map(([guard, evidence]) => ({ guard, message: expect.stringContaining(evidence) })),
    );
    expect(planPresent(facts, { ...wish, allow: GUARD_NAMES }, DEV).refusals).toEqual(
      refusals.filter(({ message }) => !message.includes("add allow:")),
    );
  });
});
