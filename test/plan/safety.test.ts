import { parsePciAddress } from "../../provider/pci/address";
import type { Guard } from "../../provider/plan/guards/guard-name";
import { CONFIRM_MODES, isOnTrial, safetyOf, trialEffect } from "../../provider/plan/safety";
import type { Step } from "../../provider/steps/steps";
import { recordedFacts } from "../recorded/recorded-facts";

const address = parsePciAddress("0000:01:00.0") as NonNullable<ReturnType<typeof parsePciAddress>>;
const LOAD: Step = { kind: "load-pciback" };
const TAKE: Step = { kind: "make-assignable", address, from: "e1000e", stub: "pciback", by: "xl" };
const HIDE: Step = { kind: "edit-file", path: "/a", before: "", after: "", hides: [address], original: "leave" };

const MODES = [...CONFIRM_MODES, "off"] as const;

test.each<[string, readonly Step[], readonly Guard[], readonly (typeof MODES)[number][]]>([
  ["no steps", [], ["ssh-route"], []],
  ["steps that take nothing", [LOAD], ["ssh-route"], ["always"]],
  ["steps that take a function at the next boot", [HIDE], ["ssh-route"], ["always"]],
  ["steps that take a function now", [LOAD, TAKE], [], ["always", "when-taking"]],
  ["such steps with a guard that the program allows", [TAKE], ["ssh-route"], ["always", "when-taking", "never"]],
])("%s: when they are on trial", (_, steps, overridden, modes) => {
  const on = MODES.filter((confirm) => isOnTrial({ steps, overridden }, { confirm, confirmSeconds: 60 }));
  expect(on).toEqual(modes);
});

test("what counts for a host", () => {
  expect(safetyOf(undefined, {})).toEqual({ confirm: "when-taking", confirmSeconds: 60 });
  expect(safetyOf({ confirm: "always" }, {})).toEqual({ confirm: "always", confirmSeconds: 60 });
  expect(safetyOf({ confirm: "always", confirmSeconds: 90 }, { PCI_PASSTHROUGH_CONFIRM: "never" })).toEqual({
    confirm: "off",
    confirmSeconds: 90,
  });
});

test.each([
  [true, "it takes the change back by itself after 60 s"],
  [false, "it takes the change back by itself after 60 s, unless the end of the login ends that too: it has no setsid"],
])("what a trial means for a host, with setsid or without: %s", (hasSetsid, effect) => {
  const { machine } = recordedFacts("debian12-xen4.17");
  const facts = { machine: { ...machine, hasSetsid } };
  expect(trialEffect(safetyOf(undefined, {}), facts)).toBe(`if the host cannot be reached after this, ${effect}`);
});
