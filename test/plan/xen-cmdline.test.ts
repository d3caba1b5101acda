import fc from "fast-check";
import type { HostFacts } from "../../provider/facts/host-facts";
import { neither } from "../../provider/plan/effect";
import { isHidden } from "../../provider/plan/hide/hide-mechanisms";
import { keyOf, planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { Wish } from "../../provider/plan/wish";
import type { Step } from "../../provider/steps/steps";
import { simulate } from "../../provider/steps/steps";
import { addresses } from "../pci/arbitrary";
import { kernelHides } from "../pci/kernel-hide-list";
import { hide } from "./hide-wish";
import { address, ownedBy, target } from "./recorded-host";
import { factsOf, withDom0Arguments, withGrub } from "./xenserver-hosts";

const NIC = "0000:04:00.0";
const DEV = ownedBy("dev", "token-1");

let XS7: HostFacts;
beforeAll(async () => {
  XS7 = await factsOf("xenserver-7");
});

const list = (facts: HostFacts) =>
  facts.xenCmdline?.hide.kind === "arguments" ? facts.xenCmdline.hide.arguments.join(" ") : undefined;
const edits = (steps: readonly Step[]) => steps.flatMap((step) => (step.kind === "set-dom0-argument" ? [step] : []));

test("a device is hidden in the long form, by one argument, with no file to be made anew", () => {
  const { steps, effects, refusals } = planPresent(XS7, hide("04:00.0"), DEV);
  expect(refusals).toEqual([]);
  expect(steps.map((step) => step.kind)).toEqual(["write-claim", "set-dom0-argument"]);
  expect(edits(steps)).toEqual([
    {
      kind: "set-dom0-argument",
      path: "/boot/grub/grub.cfg",
      name: "xen-pciback.hide",
      before: undefined,
      after: `(${NIC})`,
      hides: [NIC],
      original: "keep",
    },
  ]);
  expect(effects.at(-1)).toEqual(
    neither(
      "have a console at hand: this host's boot loader cannot go back by itself (xen-cmdline writes its grub.cfg)",
    ),
  );
});

test("the file of a host with UEFI is its own", async () => {
  const steps = planPresent(await factsOf("xcpng-8.3"), hide("03:00.0"), DEV).steps;
  expect(edits(steps)[0]?.path).toBe("/boot/efi/EFI/xenserver/grub.cfg");
});

const foreign = fc
  .array(
    fc.oneof(
      addresses({ maxSegment: 1 }).map((address) => `(${address})`),
      addresses({ maxSegment: 0 }).map((address) => `(${address.slice(5)})`),
      fc.constantFrom("(05:00.*)", "(0000:06:*.*)", "(0000:00:1f.3)"),
    ),
    { maxLength: 4 },
  )
  .map((entries) => entries.join(""));

test("whatever the list held, hide then unhide gives the same, in any order, and the kernel accepts what stands between", () => {
  const devices = [NIC, "0000:00:1a.7", "0000:00:1b.0"];
  fc.assert(
    fc.property(
      fc.option(foreign, { nil: undefined }),
      fc.shuffledSubarray(devices, { minLength: 3 }),
      (before, order) => {
        const start = before === undefined ? XS7 : withDom0Arguments(XS7, `xen-pciback.hide=${before}`);
        let facts = start;
        const context = (device: string) => ownedBy("dev", device, device);
        for (const device of devices) {
          facts = simulate(facts, planPresent(facts, hide(device), context(device)).steps);
          expect(isHidden(facts, address(device))).toBe(true);
          expect(planPresent(facts, hide(device), context(device)).steps).toEqual([]);
        }
        expect(kernelHides(list(facts)?.replace("xen-pciback.hide=", "") ?? "")).toBeDefined();
        for (const device of order) facts = simulate(facts, planAbsent(facts, hide(device), context(device)).steps);
        expect(list(facts)).toBe(list(start));
        expect(facts.claims).toEqual([]);
      },
    ),
  );
});

test("a value in quotes may hold spaces, and keeps its quotes", () => {
  const facts = withDom0Arguments(XS7, 'xen-pciback.hide="(05:00.0) (06:00.0)"');
  const { steps } = planPresent(facts, hide(NIC), DEV);
  expect(edits(steps)[0]?.after).toBe(`"(05:00.0) (06:00.0)(${NIC})"`);
  const after = simulate(facts, steps);
  expect(list(simulate(after, planAbsent(after, hide(NIC), DEV).steps))).toBe(list(facts));
});

test("the first text of the file is kept once, and goes with our last entry", () => {
  const hidden = simulate(XS7, planPresent(XS7, hide(NIC), DEV).steps);
  const two = planPresent(hidden, hide("00:1b.0"), ownedBy("dev", "token-2"));
  expect(edits(two.steps)[0]?.original).toBe("leave");
  const both = simulate(hidden, two.steps);
  const end = planAbsent(both, hide(NIC), DEV);
  expect(edits(end.steps)[0]?.original).toBe("leave");
  const last = planAbsent(simulate(both, end.steps), hide("00:1b.0"), ownedBy("dev", "token-2"));
  expect(edits(last.steps)[0]).toMatchObject({ after: undefined, original: "forget" });
});

const covering: readonly (readonly [string, string])[] = [
  ["the short form", "(04:00.0)"],
  ["a wildcard", "(0000:04:00.*)"],
  ["a whole bus", "(04:*.*)"],
  ["the bridge above it", "(00:1c.5)"],
];
test.each(covering)("what %s hides counts as hidden, and stays", (_, value) => {
  const facts = withDom0Arguments(XS7, `xen-pciback.hide=${value}`);
  const plan = planPresent(facts, hide(NIC), DEV);
  expect(edits(plan.steps)).toEqual([]);
  const after = simulate(facts, plan.steps);
  expect(statusOfWish(after, hide(NIC), keyOf(after, hide(NIC)) ?? "")).toMatchObject({ configured: true });
  const end = planAbsent(after, hide(NIC), DEV);
  expect(end.effects).toEqual([neither(`${NIC} was hidden before this resource, and stays hidden`)]);
  expect(list(simulate(after, end.steps))).toBe(list(facts));
});

describe("a boot that xen-cmdline cannot edit rightly is refused, and left alone:", () => {
  const cases: readonly (readonly [string, (facts: HostFacts) => HostFacts, string])[] = [
    [
      "two arguments, of which the kernel heeds one",
      (facts) => withDom0Arguments(facts, "xen-pciback.hide=(05:00.0)", "xen-pciback.hide=(06:00.0)"),
      "several times ((05:00.0) and (06:00.0)), and the kernel uses only the last one",
    ],
    [
      "a list that the kernel rejects",
      (facts) => withDom0Arguments(facts, "xen-pciback.hide=(0000:82.0.0)"),
      "which the kernel does not accept: with it pciback does not start, and nothing is hidden",
    ],
    [
      "the argument spelt with an underscore",
      (facts) => withDom0Arguments(facts, "xen_pciback.hide=(05:00.0)"),
      "which the kernel treats as xen-pciback.hide, but xen-cmdline does not",
    ],
    [
      "a fallback entry as the default",
      (facts) => withGrub(facts, (text) => text.replace("default=0", "default=3")),
      'boots the entry "XenServer (Xen 4.6.1 / Linux 4.4.0+2)", but xen-cmdline edits only the entry "XenServer"',
    ],
    [
      "an entry that is not called after the product",
      (facts) => withGrub(facts, (text) => text.replace("'XenServer' {", "'Hypervisor' {")),
      'boots the entry "Hypervisor"',
    ],
    [
      "a default that xen-cmdline stumbles over",
      (facts) => ({
        ...facts,
        xenCmdline: { file: facts.xenCmdline?.file, hide: { kind: "failed", said: "KeyError: 'XenServer'" } },
      }),
      "xen-cmdline cannot read /boot/grub/grub.cfg: KeyError: 'XenServer'. Fix that file first",
    ],
    [
      "a menu that does not wait, whose timeout xen-cmdline would drop",
      (facts) => withGrub(facts, (text) => text.replace("set timeout=5", "set timeout=0")),
      '/boot/grub/grub.cfg would be damaged: xen-cmdline would drop the line "set timeout=0", and GRUB without a timeout waits forever at its menu. Write set timeout=1',
    ],
    [
      "no boot file",
      (facts) => ({ ...facts, xenCmdline: { file: undefined, hide: { kind: "failed", said: "RuntimeError" } } }),
      "xen-cmdline finds no grub.cfg",
    ],
  ];
  test.each(cases)("%s", (_, change, reason) => {
    const { refusals, steps } = planPresent(change(XS7), hide(NIC), DEV);
    expect(steps).toEqual([]);
    expect(refusals[0]?.message).toContain(reason);
  });

  test("with our entry in it, its end says so instead of doing harm", () => {
    const hidden = simulate(XS7, planPresent(XS7, hide(NIC), DEV).steps);
    const broken = withDom0Arguments(hidden, `xen-pciback.hide=(${NIC})(zz)`);
    const { steps, refusals } = planAbsent(broken, hide(NIC), DEV);
    expect(steps).toEqual([]);
    expect(refusals[0]?.message).toContain("which the kernel does not accept");
  });
});

describe("preview warns of", () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    [
      "a form that XAPI cannot read",
      ["xen-pciback.hide=(05:00.0)"],
      "the kernel accepts the list (05:00.0), but XAPI reads only long addresses",
    ],
    [
      "a piece that a space cut off",
      ["xen-pciback.hide=(0000:05:00.0)", "(06:00.0)"],
      "the boot argument (06:00.0) hides nothing",
    ],
    [
      "the old name of the module",
      ["pciback.hide=(05:00.0)"],
      "the boot argument pciback.hide=(05:00.0) hides nothing",
    ],
  ];
  test.each(cases)("%s", (_, added, warning) => {
    const { warnings, refusals } = planPresent(withDom0Arguments(XS7, ...added), hide(NIC), DEV);
    expect(refusals).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });

  test("nothing, where all is well", () => {
    expect(planPresent(withDom0Arguments(XS7, "xen-pciback.hide=(0000:05:00.0)"), hide(NIC), DEV).warnings).toEqual([]);
  });

  test("boot entries that an upgrade gave the list too, at the end", () => {
    const hidden = simulate(XS7, planPresent(XS7, hide(NIC), DEV).steps);
    const upgraded = withGrub(hidden, (text) =>
      text.replace("earlyprintk=xen", `earlyprintk=xen xen-pciback.hide=(${NIC})`),
    );
    expect(planAbsent(upgraded, hide(NIC), DEV).warnings).toEqual([
      `the boot entry "XenServer in Safe Mode" also hides it, and xen-cmdline does not edit that entry: a boot with it still hides the device`,
    ]);
  });
});

test("XAPI's own commands turn the others around and stand in front: ours is found, and theirs is not touched", () => {
  const hidden = simulate(XS7, planPresent(XS7, hide(NIC), DEV).steps);
  const arguments_ = [`xen-pciback.hide=(0000:00:1b.0)(${NIC})`];
  const theirs: HostFacts = {
    ...hidden,
    xenCmdline: { file: hidden.xenCmdline?.file, hide: { kind: "arguments", arguments: arguments_ } },
  };
  expect(planPresent(theirs, hide(NIC), DEV).steps).toEqual([]);
  expect(list(simulate(theirs, planAbsent(theirs, hide(NIC), DEV).steps))).toBe("xen-pciback.hide=(0000:00:1b.0)");
});

test("what somebody has taken out already is no error", () => {
  const hidden = simulate(XS7, planPresent(XS7, hide(NIC), DEV).steps);
  const gone: HostFacts = {
    ...hidden,
    xenCmdline: { file: hidden.xenCmdline?.file, hide: { kind: "arguments", arguments: [] } },
  };
  expect(planAbsent(gone, hide(NIC), DEV).steps.map((step) => step.kind)).toEqual(["drop-claim"]);
});

test("pciback that did not register at the last boot is said with its reason", () => {
  const facts: HostFacts = {
    ...XS7,
    pciback: { ...XS7.pciback, registered: false },
    machine: { ...XS7.machine, kernelCommandLine: "quiet xen-pciback.hide=(0000:82.0.0) splash" },
  };
  const wish: Wish = {
    kind: "AssignableDevice",
    target: target(NIC),
    driver: undefined,
    group: false,
    expect: [],
    allow: [],
    toolstack: undefined,
  };
  expect(planPresent(facts, wish, DEV).refusals[0]?.message).toContain(
    "the kernel does not accept xen-pciback.hide=(0000:82.0.0). Fix its boot arguments and reboot the host",
  );
});
