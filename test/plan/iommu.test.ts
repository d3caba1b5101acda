import { bootFiles } from "../../provider/facts/boot";
import type { HostFacts } from "../../provider/facts/host-facts";
import { allEntries } from "../../provider/plan/claim";
import { neither } from "../../provider/plan/effect";
import { waitingChanges } from "../../provider/plan/hide/boot-changes";
import { iommuNeed } from "../../provider/plan/kinds/iommu-boot-parameters";
import { planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { IommuWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { textFile, withBootFiles, withFiles } from "./host-files";
import { LAB, ownedBy, TRIAL_BOOT } from "./recorded-host";

const WISH: IommuWish = { kind: "IommuBootParameters", trialBoot: TRIAL_BOOT };
const KEY = "IommuBootParameters";
const DEV = ownedBy("dev", "token-1", "iommu");

/** The lab host without Xen, as a kernel with these arguments would see it. */
function kvm(commandLine: string, iommu: Partial<HostFacts["iommu"]> = {}): HostFacts {
  const files = bootFiles(LAB.files).map((file) => ({ ...file, text: file.text.replaceAll(" intel_iommu=on", "") }));
  return {
    ...withBootFiles(LAB, ...files),
    xen: undefined,
    machine: { ...LAB.machine, kernelCommandLine: commandLine },
    iommu: { offered: "intel", units: [], ...iommu },
  };
}

function xen(
  commandLine: string | undefined,
  iommu: boolean | undefined,
  offered: HostFacts["iommu"]["offered"] | "none" = "intel",
): HostFacts {
  return {
    ...LAB,
    xen: { major: 4, minor: 17, xl: true, iommu, commandLine },
    iommu: { offered: offered === "none" ? undefined : offered, units: [] },
  };
}

const XEN_3_1 = { major: 3, minor: 1, xl: false };

const needs: readonly [string, HostFacts, "nothing" | "advice" | "argument", RegExp][] = [
  ["a kernel that uses it", kvm("quiet", { units: ["dmar0"] }), "nothing", /is on/],
  ["a kernel that does not", kvm("quiet"), "argument", /intel_iommu=on is added/],
  [
    "a kernel without one in the firmware",
    kvm("quiet", { offered: undefined }),
    "advice",
    /Turn on VT-d \(Intel\) or AMD-Vi/,
  ],
  ["a kernel that was told not to", kvm("quiet intel_iommu=off"), "advice", /says intel_iommu=off\. Remove that/],
  ["a kernel that was told no for all makers", kvm("iommu=off"), "advice", /says iommu=off/],
  [
    "a kernel that was told to, in vain",
    kvm("intel_iommu=on,sm_on"),
    "advice",
    /started with intel_iommu=on, but no IOMMU is on/,
  ],
  ["an AMD host whose kernel uses it", kvm("quiet", { offered: "amd", units: ["ivhd0"] }), "nothing", /is on/],
  ["an AMD host whose kernel does not", kvm("quiet", { offered: "amd" }), "advice", /uses by default, but none is on/],
  ["an AMD host that was told not to", kvm("amd_iommu=off", { offered: "amd" }), "advice", /says amd_iommu=off/],
  ["Xen that uses it", xen("placeholder", true), "nothing", /is on/],
  ["Xen that reports it off", xen("placeholder dom0_mem=1G", false), "argument", /: iommu=on is added/],
  ["Xen that reports AMD's off", xen("placeholder", false, "amd"), "argument", /: iommu=on is added/],
  ["Xen without one in the firmware", xen("placeholder", false, "none"), "advice", /Turn on VT-d/],
  ["Xen that was told not to", xen("iommu=verbose,off", false), "advice", /says iommu=verbose,off/],
  ["Xen that was told to, in vain", xen("iommu=1", false), "advice", /with "xl dmesg/],
  ["Xen that does not say", xen(undefined, undefined), "advice", /"xl info" does not say/],
  [
    "an old Xen that does not say, and whose kernel shows no tables of the firmware",
    {
      ...xen(undefined, undefined, "none"),
      xen: { ...XEN_3_1, iommu: undefined },
      xend: { answers: true, commands: [] },
    },
    "advice",
    /"xm info" does not say .* "xm dmesg/,
  ],
];
test.each(needs)("%s", (_, facts, kind, say) => {
  const need = iommuNeed(facts);
  expect(need).toMatchObject({ kind, say: expect.stringMatching(say) });
  const plan = planPresent(facts, WISH, DEV);
  expect(plan.refusals).toEqual([]);
  expect(plan.steps.length > 0).toBe(kind === "argument");
  expect(plan.warnings).toEqual(kind === "advice" ? [need.say] : []);
});

test("that it is on is said of a new resource, and not in every later preview", () => {
  const facts = kvm("quiet", { units: ["dmar0"] });
  const deployed = { ...DEV, owner: { ...DEV.owner, isDeployed: true } };
  expect(planPresent(facts, WISH, DEV).effects).toEqual([neither("the IOMMU is on: nothing to do")]);
  expect(planPresent(facts, WISH, deployed).effects).toEqual([]);
});

const written: readonly [string, HostFacts, string, string][] = [
  ["the kernel of a KVM host", kvm("quiet"), "intel_iommu=on", "GRUB_CMDLINE_LINUX"],
  ["Xen", xen("placeholder", false), "iommu=on", "GRUB_CMDLINE_XEN"],
];
describe.each(written)("the argument for %s", (_, facts, argument, variable) => {
  const plan = planPresent(facts, WISH, DEV);
  const after = simulate(facts, plan.steps);

  test("is written, and waits for a reboot", () => {
    const edits = plan.steps.flatMap((step) => (step.kind === "edit-file" ? [step] : []));
    expect(edits).toHaveLength(1);
    expect(edits[0]?.after).toMatch(new RegExp(`${variable}\\w*=.*\\b${argument}`));
    expect(plan.regenerate).toContainEqual(expect.objectContaining({ what: "grub-config" }));
    expect(plan.effects.at(-2)).toEqual(neither("the change waits for a reboot of the host"));
    expect(waitingChanges(after, DEV.owner)).toMatchObject([{ what: "the IOMMU will be on from the next boot" }]);
  });

  test("is taken out again, byte for byte", () => {
    const end = planAbsent(after, WISH, DEV);
    const back = simulate(after, end.steps);
    expect(back.files).toEqual(facts.files);
    expect(back.claims).toEqual([]);
  });

  test("stays with its first owner: another stack needs nothing of its own, and takes nothing back", () => {
    const other = ownedBy("prod", "token-2");
    expect(planPresent(after, WISH, other)).toMatchObject({
      steps: [],
      effects: [neither(expect.stringMatching(/is in the boot configuration already: reboot the host/))],
    });
    expect(planAbsent(after, WISH, other).steps).toEqual([]);
    const renamed = ownedBy("dev", "token-3", "new-name");
    const moved = simulate(after, planPresent(after, WISH, renamed).steps);
    expect(planAbsent(moved, WISH, DEV).steps).toEqual([]);
  });
});

test("once on by our argument, taking that out leaves it on until a reboot, and is noted", () => {
  const facts = kvm("quiet");
  const after = simulate(facts, planPresent(facts, WISH, DEV).steps);
  const on: HostFacts = { ...after, iommu: { offered: "intel", units: ["dmar0"] } };
  expect(statusOfWish(on, WISH, KEY)).toMatchObject({ active: true, firmware: "intel", pending: "none" });
  const end = planAbsent(on, WISH, DEV);
  expect(end.steps.at(-1)).toMatchObject({ kind: "note-removal" });
  expect(waitingChanges(simulate(on, end.steps), DEV.owner)).toMatchObject([
    { what: "the IOMMU stays on until the next boot" },
  ]);
});

test("a host without one in its firmware says so in the outputs too", () => {
  expect(statusOfWish(kvm("quiet", { offered: undefined }), WISH, KEY)).toEqual({
    firmware: "none",
    configured: false,
    active: false,
    pending: "none",
    bootChange: "",
  });
});

test("the claim records which entries had the argument, also when a kernel comes later, and those keep it", () => {
  const path = "/boot/grub/grub.conf";
  const text = "title a\n\tkernel /vmlinuz-1 ro intel_iommu=on\ntitle b\n\tkernel /vmlinuz-2 ro\n";
  const facts = withBootFiles(kvm("quiet"), textFile(path, text));
  const made = planPresent(facts, WISH, DEV);
  const after = simulate(facts, made.steps);
  expect(allEntries(after)).toEqual([
    {
      kind: "boot-argument",
      path,
      undo: { line: "linux", name: "intel_iommu", text: "intel_iommu=on", kept: ["a, /vmlinuz-1"] },
    },
  ]);

  const newer = "title c\n\tkernel /vmlinuz-3 ro\n";
  const updated = withFiles(after, textFile(path, newer + (after.files.byPath.get(path)?.text ?? "")));
  const healed = simulate(updated, planPresent(updated, WISH, DEV).steps);
  expect(healed.files.byPath.get(path)?.text).toContain("/vmlinuz-3 ro intel_iommu=on");
  const back = simulate(healed, planAbsent(healed, WISH, DEV).steps);
  expect(back.files.byPath.get(path)?.text).toBe(newer + text);
});
