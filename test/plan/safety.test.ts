import { parsePciAddress } from "../../provider/pci/address";
import { CONFIRM_MODES, isOnTrial, safetyOf } from "../../provider/plan/safety";
import type { Step } from "../../provider/steps/steps";

const address = parsePciAddress("0000:01:00.0") as NonNullable<ReturnType<typeof parsePciAddress>>;
const LOAD: Step = { kind: "load-pciback" };
const TAKE: Step = { kind: "make-assignable", address, from: "e1000e", stub: "pciback", by: "xl" };
const HIDE: Step = { kind: "edit-file", path: "/a", before: "", after: "", hides: [address], original: "leave" };

test.each<[string, readonly Step[], readonly (typeof CONFIRM_MODES)[number][]]>([
  ["no steps", [], []],
  ["steps that take nothing", [LOAD], ["always"]],
  ["steps that take a function at the next boot", [HIDE], ["always"]],
  ["steps that take a function now", [LOAD, TAKE], ["always", "when-taking"]],
])("%s are on trial with %s", (_, steps, modes) => {
  expect(CONFIRM_MODES.filter((confirm) => isOnTrial({ steps }, { confirm, confirmSeconds: 60 }))).toEqual(modes);
});

test("what counts for a host", () => {
  expect(safetyOf({ confirm: "always" }, {})).toEqual({ confirm: "always", confirmSeconds: 60 });
  expect(safetyOf({ confirm: "always", confirmSeconds: 90 }, { PCI_PASSTHROUGH_CONFIRM: "never" })).toEqual({
    confirm: "never",
    confirmSeconds: 90,
  });
});
