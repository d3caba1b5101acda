import fs from "node:fs";
import path from "node:path";
import { planPresent } from "../../provider/plan/kinds/kinds";
import type { AttachWish, DeviceWish } from "../../provider/plan/wish";
import { applyScript } from "../../provider/script/apply-script";
import { factsScript } from "../../provider/script/facts-script";
import { openingScript } from "../../provider/script/opening-script";
import { simulate } from "../../provider/steps/steps";
import { LAB, ownedBy, target } from "../plan/recorded-host";
import { QUESTIONS } from "./apply-groups";

/** A script as an administrator may print it; `UPDATE_GOLDEN=1` writes the file anew, for reading it line by line. */
function expectGolden(name: string, script: string): void {
  const file = path.join(__dirname, "golden", name);
  if (process.env.UPDATE_GOLDEN === "1") fs.writeFileSync(file, script);
  expect(script).toBe(fs.readFileSync(file, "utf8"));
}

test("the script that reads a host", () => {
  expectGolden("facts.sh", factsScript(QUESTIONS));
});

test("the script that makes a NIC assignable and attaches it to a VM", () => {
  const device = { target: target("01:00.0"), expect: [], allow: [], toolstack: undefined };
  const assign: DeviceWish = { kind: "AssignableDevice", ...device, driver: undefined, group: false };
  const attach: AttachWish = { kind: "VmPciAttachment", ...device, vm: "pv1", scope: "auto", options: {} };
  const first = planPresent(LAB, assign, ownedBy("dev", "token-1", "nic"));
  const second = planPresent(simulate(LAB, first.steps), attach, ownedBy("dev", "token-2", "nic-of-web"));
  const groups = [
    { title: "nic: make 0000:01:00.0 assignable", ...first },
    { title: 'nic-of-web: attach 0000:01:00.0 to the VM "pv1"', ...second },
  ];
  expectGolden("apply.sh", applyScript("run-1", groups, undefined));
});

test("what every script that changes a host begins with, after its questions", () => {
  const opening = openingScript("run-1", QUESTIONS, "wait");
  expectGolden("opening.sh", opening.slice(opening.indexOf("# Line. Keeps it")));
});
