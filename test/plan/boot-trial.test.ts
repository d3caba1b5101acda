import {
  CUSTOM_CONFIG,
  environmentBlock,
  TRIAL_ENVIRONMENT,
  TRIAL_SECTION,
} from "../../provider/boot/boot-trial-files";
import type { HostFacts } from "../../provider/facts/host-facts";
import { neither } from "../../provider/plan/effect";
import type { Guard } from "../../provider/plan/guards/guard-name";
import { hostChecks } from "../../provider/plan/inventory/host-checks";
import { planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { Plan } from "../../provider/plan/plan";
import type { RebootWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { hide } from "./hide-wish";
import { textFile, withFiles } from "./host-files";
import { address, ownedBy, TRIAL_BOOT } from "./recorded-host";
import { TRIAL_KVM, TRIAL_XEN } from "./trial-host";

const DEV = ownedBy("dev", "token-1");
const OTHER = ownedBy("dev", "token-2", "other");

const KVM: HostFacts = {
  ...TRIAL_KVM,
  stubDrivers: { forms: new Map([["vfio-pci", "module"]]), variants: new Set() },
};

const reboot: RebootWish = {
  kind: "HostReboot",
  triggers: [],
  when: "pending",
  allowRunningVms: false,
  timeoutSeconds: 900,
  maxParallel: 1,
  trialBoot: TRIAL_BOOT,
};

const kinds = ({ steps }: Plan) => steps.map(({ kind }) => kind);
const trials = ({ regenerate }: Plan) =>
  regenerate.flatMap(({ what }) => (what.startsWith("boot-trial") ? [what] : []));
const FIRST = hide("01:00.0");
const SECOND = hide("02:00.0");
const first = planPresent(KVM, FIRST, DEV);
/** What the next plan of the same apply finds, and what that of the next run does. */
const inOneApply = simulate(KVM, first.steps);
const armed = withFiles(
  inOneApply,
  textFile(
    CUSTOM_CONFIG,
    `set default="Debian GNU/Linux"
${TRIAL_SECTION.head}menuentry 'Debian GNU/Linux, on trial' --id pci-passthrough-new {
}
${TRIAL_SECTION.tail}`,
  ),
);

/** The host after its next boot: with the new entry, which nobody has confirmed yet, or with the old one. */
function booted(facts: HostFacts, entry: "new" | "old"): HostFacts {
  const files = withFiles(
    facts,
    textFile(TRIAL_ENVIRONMENT, environmentBlock("once").replace("=once\n", "=old\n#")),
    textFile(CUSTOM_CONFIG, 'set default="Debian GNU/Linux"\n'),
  );
  const nic = facts.pciDevices.get(address("0000:01:00.0"));
  if (!nic) throw new Error("it is not there");
  return {
    ...files,
    pciDevices:
      entry === "new" ? new Map(facts.pciDevices).set(nic.address, { ...nic, driver: "vfio-pci" }) : facts.pciDevices,
    machine: {
      ...facts.machine,
      bootId: "the next",
      kernelCommandLine: `${facts.machine.kernelCommandLine} ${entry === "new" ? "panic=10 " : ""}pci-passthrough.trial=${entry}`,
    },
  };
}

test("the old boot is held before the first edit, and the trial armed when all is rebuilt", () => {
  expect(kinds(first).slice(0, 2)).toEqual(["hold-boot", "write-claim"]);
  expect(first.regenerate.map(({ what }) => what)).toEqual(["initramfs", "boot-trial"]);
  expect(first.effects.at(-1)).toEqual(neither("a boot that fails goes back by itself"));
});

test("what a guard warns of is on trial, whatever safety.trialBoot says", () => {
  const hidden = (device: string, allow: readonly Guard[]) =>
    planPresent(KVM, hide(device, { trialBoot: { ...TRIAL_BOOT, mode: "never" }, allow }), DEV);
  expect(trials(hidden("01:00.0", ["boot-device"]))).toEqual([]);
  const management = hidden("00:03.0", ["ssh-route", "host-network"]);
  expect(management).toMatchObject({ refusals: [], overridden: expect.arrayContaining(["ssh-route"]) });
  expect(trials(management)).toEqual(["boot-trial"]);
});

test("what a full disk left of the variable of a trial keeps no later one back", () => {
  const cut = textFile(TRIAL_ENVIRONMENT, "# GRUB Environment Block\n");
  expect(planPresent(withFiles(KVM, cut), FIRST, DEV).steps[0]).toMatchObject({
    kind: "hold-boot",
    environment: { text: cut.text },
  });
});

test("what is hidden beside it is in the same trial, and the reboot leaves time for both boots", () => {
  const second = planPresent(armed, SECOND, OTHER);
  expect(kinds(second)).not.toContain("hold-boot");
  expect(trials(second)).toEqual(["boot-trial"]);
  // The first may fail: each holds the old boot for itself.
  expect(kinds(planPresent(inOneApply, SECOND, OTHER))[0]).toBe("hold-boot");
  const { effects, reboot: step } = planPresent(armed, reboot, DEV);
  expect(effects).toContainEqual(neither("a boot that fails goes back by itself"));
  expect(step?.timeoutSeconds).toBe(2 * 900 + 600);
});

test("so is what is hidden in a later run, though the menu has arguments by then that the host does not run with", () => {
  const menu = KVM.files.byPath.get("/boot/grub/grub.cfg")?.text ?? "";
  const changed = menu.replaceAll(/^\s*linux\s.*/gm, "$& vfio-pci.disable_vga=1");
  expect(changed).not.toBe(menu);
  const second = planPresent(withFiles(armed, textFile("/boot/grub/grub.cfg", changed)), SECOND, OTHER);
  expect(trials(second)).toEqual(["boot-trial"]);
  expect(second.effects.at(-1)).toEqual(neither("a boot that fails goes back by itself"));
});

test.each([
  [TRIAL_XEN, "modprobe"],
  [KVM, "kernel-ids"],
] as const)("a mechanism that takes effect in the old boot too is not on trial: %#", (facts, mechanism) => {
  const plan = planPresent(facts, hide("01:00.0", { mechanism }), DEV);
  expect(trials(plan)).toEqual([]);
  expect(plan.effects.at(-1)).toEqual(
    neither(
      `have a console at hand: a boot that fails does not go back by itself, because what the mechanism "${mechanism}" writes takes effect in the old boot too`,
    ),
  );
});

test("on Xen the initramfs goes back, where pciback is a module", () => {
  expect(trials(planPresent(TRIAL_XEN, hide("01:00.0", { mechanism: "initramfs" }), DEV))).toEqual(["boot-trial"]);
});

test("the trial ends with the last change that waits for it, and without a word where there is none", () => {
  const both = simulate(armed, planPresent(armed, SECOND, OTHER).steps);
  const left = planAbsent(both, FIRST, DEV);
  expect(trials(left)).toEqual(["boot-trial"]);
  expect(trials(planAbsent(simulate(both, left.steps), SECOND, OTHER))).toEqual(["boot-trial-end"]);
  const confirmed = simulate(booted(armed, "new"), [{ kind: "confirm-boot" }]);
  expect(trials(planAbsent(confirmed, FIRST, DEV))).toEqual([]);
});

test("whoever plans in a boot on trial confirms it first", () => {
  const facts = booted(armed, "new");
  expect(statusOfWish(facts, FIRST, "HiddenPciDevice/0000:01:00.0").pending).toBe("confirmation");
  expect(statusOfWish(facts, reboot, "HostReboot").pending).toBe("confirmation");
  for (const plan of [planPresent(facts, FIRST, DEV), planPresent(facts, reboot, DEV)])
    expect(kinds(plan)).toEqual(["confirm-boot"]);
  // The next change begins in the entry that was on trial.
  const next = planPresent(facts, SECOND, OTHER);
  expect(kinds(next).slice(0, 2)).toEqual(["confirm-boot", "hold-boot"]);
});

test("a host that went back makes no boot change, but takes them back", () => {
  const facts = booted(armed, "old");
  for (const wish of [FIRST, SECOND])
    expect(planPresent(facts, wish, DEV).refusals).toMatchObject([
      { message: expect.stringMatching(/^the host did not come up with the new boot and went back to the old one\. /) },
    ]);
  const end = planAbsent(facts, FIRST, DEV);
  expect(end.refusals).toEqual([]);
  // The sources are rebuilt before the menu is given back.
  expect(end.regenerate.map(({ what }) => what)).toEqual(["initramfs", "boot-trial-end"]);
});

test.each([
  ["before any", KVM, "ok"],
  ["that is armed", armed, "waits"],
  ["that nobody has confirmed", booted(armed, "new"), "waits"],
  ["that failed", booted(armed, "old"), "wrong"],
])("doctor tells of a trial boot %s", (_, facts, verdict) => {
  const checks = hostChecks(facts, { address: "kvm1" });
  expect(checks.find(({ check }) => check === "trial boot")).toMatchObject({ verdict });
});
