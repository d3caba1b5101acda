import type { HostFacts } from "../../provider/facts/host-facts";
import type { Processes } from "../../provider/facts/processes";
import { loss, neither } from "../../provider/plan/effect";
import { waitingChanges } from "../../provider/plan/hide/boot-changes";
import { planAbsent, planPresent, statusOfWish } from "../../provider/plan/kinds/kinds";
import type { HideWish, RebootWish } from "../../provider/plan/wish";
import { simulate } from "../../provider/steps/steps";
import { kvm } from "./kvm-host";
import { address, LAB, listed, ownedBy, TRIAL_BOOT, target, UNLISTED } from "./recorded-host";

const NIC = address("01:00.0");
const DEV = ownedBy("dev", "token-1");
const PROD = ownedBy("prod", "token-2");
const IDLE: HostFacts = { ...LAB, domains: listed() };
const BUSY: HostFacts = {
  ...LAB,
  domains: listed({
    id: 3,
    name: "web1",
    uuid: undefined,
    paused: false,
    startedForDevices: false,
    disks: [],
    pciDevices: [],
  }),
};

const hide: HideWish = {
  kind: "HiddenPciDevice",
  trialBoot: TRIAL_BOOT,
  target: target("01:00.0"),
  driver: undefined,
  mechanism: "auto",
  expect: [],
  allow: [],
  toolstack: undefined,
};

function wish(more: Partial<RebootWish> = {}): RebootWish {
  return {
    kind: "HostReboot",
    trialBoot: TRIAL_BOOT,
    triggers: [],
    when: "pending",
    allowRunningVms: false,
    timeoutSeconds: 900,
    maxParallel: 1,
    ...more,
  };
}

function after(facts: HostFacts, plan: { readonly steps: Parameters<typeof simulate>[1] }): HostFacts {
  return simulate(facts, plan.steps);
}

/** The host in another boot, in which pciback took what is hidden. */
function rebooted(facts: HostFacts, driver: string | undefined): HostFacts {
  const device = facts.pciDevices.get(NIC);
  if (!device) throw new Error("the lab host has that NIC");
  const pciDevices = new Map(facts.pciDevices).set(NIC, { ...device, driver });
  const pciback = { ...facts.pciback, nativeModules: new Map([[NIC, "e1000e"]]) };
  return { ...facts, machine: { ...facts.machine, bootId: `${facts.machine.bootId}-next` }, pciDevices, pciback };
}

const reboots = (facts: HostFacts, wanted = wish(), context = DEV) =>
  planPresent(facts, wanted, context).reboot !== undefined;

const hidden = after(IDLE, planPresent(IDLE, hide, DEV));
const hiddenAndBooted = rebooted(hidden, "pciback");
const removed = after(hiddenAndBooted, planAbsent(hiddenAndBooted, hide, DEV));

const times: readonly [string, HostFacts, boolean][] = [
  ["nothing was changed", IDLE, false],
  ["a device will be hidden from the next boot", hidden, true],
  ["that boot was", hiddenAndBooted, false],
  ["that boot was, and the device is not hidden all the same", rebooted(hidden, "e1000e"), false],
  [
    "the hidden device was made assignable before any reboot",
    { ...rebooted(hidden, "pciback"), machine: hidden.machine },
    false,
  ],
  ["a device was hidden, and stays on the stub until the next boot", removed, true],
  ["that boot was, too", rebooted(removed, "e1000e"), false],
  ["it was given back to its driver without a reboot", { ...removed, pciDevices: hidden.pciDevices }, false],
  ["it was removed, and is hidden again", after(removed, planPresent(removed, hide, DEV)), false],
];
test.each(times)("when %s, there is a reboot or none", (_, facts, expected) => {
  expect(reboots(facts)).toBe(expected);
  expect(statusOfWish(facts, wish(), "HostReboot")).toMatchObject({ pending: expected ? "host-reboot" : "none" });
});

test("what waits is said in preview, and nothing is left to do after the reboot", () => {
  const { effects, steps } = planPresent(hidden, wish(), DEV);
  expect(effects).toEqual([
    loss("the host is rebooted"),
    neither("because 0000:01:00.0 will be hidden from the next boot"),
    neither("have a console at hand: this host's boot loader cannot go back by itself"),
  ]);
  const then = planPresent(rebooted(after(hidden, { steps }), "pciback"), wish(), DEV);
  expect([then.steps, then.reboot]).toEqual([[], undefined]);
});

test("that nothing waits is said of a new resource, and not in every later preview", () => {
  const deployed = { ...DEV, owner: { ...DEV.owner, isDeployed: true } };
  const said = neither("no boot change needs a reboot: the host is not rebooted");
  expect(planPresent(IDLE, wish(), DEV).effects).toEqual([said]);
  expect(planPresent(IDLE, wish(), deployed).effects).toEqual([]);
});

test("another stack's changes are its own to reboot for", () => {
  expect(reboots(hidden, wish(), PROD)).toBe(false);
  expect(reboots(removed, wish(), PROD)).toBe(false);
  expect(waitingChanges(hidden, undefined)).toHaveLength(1);
});

test('"always" reboots once for each value of the triggers, whatever happens between', () => {
  const always = (triggers: string[]) => wish({ when: "always", triggers });
  const asked = after(IDLE, {
    steps: planPresent(IDLE, always(["a"]), DEV).steps,
  });
  expect(reboots(IDLE, always(["a"]))).toBe(true);
  // The run ended between the note and the reboot: it is still to come.
  expect(reboots(asked, always(["a"]))).toBe(true);
  const done = rebooted(asked, "e1000e");
  expect(planPresent(done, always(["a"]), DEV).steps).toEqual([]);
  expect(reboots(done, always(["a"]))).toBe(false);
  expect(reboots(done, always(["b"]))).toBe(true);
  expect(reboots(done, always(["a"]), ownedBy("dev", "token-9", "renamed"))).toBe(false);
  expect(reboots(done, always(["a"]), PROD)).toBe(true);
  expect(after(done, planAbsent(done, always(["a"]), DEV)).claims).toEqual([]);
});

test("running VMs forbid a reboot, unless they may go down with the host", () => {
  const facts = { ...hidden, domains: BUSY.domains };
  expect(planPresent(facts, wish(), DEV).refusals).toMatchObject([
    { message: expect.stringMatching(/^VMs are running on it: web1\. .* allowRunningVms: true$/) },
  ]);
  const allowed = planPresent(facts, wish({ allowRunningVms: true }), DEV);
  expect(allowed.refusals).toEqual([]);
  expect(allowed.effects.slice(0, 2)).toEqual([
    loss("the host is rebooted"),
    loss("its running VMs go down with it: web1"),
  ]);
  // No step, no guard.
  expect(planPresent(BUSY, wish(), DEV).refusals).toEqual([]);
});

test("VMs that no toolstack lists are known by their processes, but on Xen these are device models", () => {
  const vm = { name: "kvm", runsVm: true, opened: [] };
  const processes: Processes = {
    kind: "listed",
    processes: [
      { ...vm, pid: 4711, vmName: "100" },
      { ...vm, pid: 4712, vmName: undefined },
      { ...vm, pid: 812, vmName: undefined, name: "Xorg", runsVm: false },
    ],
  };
  const facts: HostFacts = { ...hidden, xen: undefined, libvirt: undefined, processes };
  expect(planPresent(facts, wish(), DEV).refusals).toMatchObject([
    { message: expect.stringMatching(/^VMs are running on it: 100 \(process 4711\), kvm \(process 4712\)\. Shut/) },
  ]);
  expect(planPresent({ ...facts, xen: LAB.xen }, wish(), DEV).refusals).toEqual([]);
  const unlisted: HostFacts = { ...facts, processes: { kind: "unlisted" } };
  expect(planPresent(unlisted, wish(), DEV).refusals).toMatchObject([
    { message: expect.stringMatching(/^VMs may be running on it: the host did not list its processes within 30 s/) },
  ]);
});

const UNREADABLE = { name: "db", uuid: undefined, mayRun: true, reason: '"virsh domuuid" has no answer' };
const unknown: readonly [string, Partial<HostFacts>, RegExp][] = [
  ["libvirt is silent", { libvirt: { kind: "silent", uri: "qemu:///system", said: "" } }, /libvirt does not answer/],
  ["libvirt cannot tell of a VM", { libvirt: kvm([], { unreadable: [UNREADABLE] }).libvirt }, /lists the VM "db"/],
  ["xl list fails", { xen: LAB.xen, domains: UNLISTED }, /"xl list" failed three times/],
  ["no toolstack lists Xen's domains", { xen: LAB.xen && { ...LAB.xen, xl: false } }, /neither xl nor xm lists/],
  [
    "XAPI is down",
    {
      xen: LAB.xen,
      xapi: {
        brand: "XenServer",
        hostUuid: "",
        coordinator: undefined,
        answer: { kind: "silent", said: "Connection refused" },
      },
    },
    /XAPI does not answer\. xe says: Connection refused/,
  ],
];
test.each(unknown)("where it is unknown whether VMs run, the host is not rebooted: %s", (_, more, reason) => {
  const facts = { ...hidden, xen: undefined, ...more };
  const { refusals } = planPresent(facts, wish(), DEV);
  expect(refusals).toMatchObject([
    { message: expect.stringMatching(/^VMs may be running on it: .*allowRunningVms: true$/s) },
  ]);
  expect(refusals[0]?.message).toMatch(reason);
  expect(planPresent(facts, wish({ allowRunningVms: true }), DEV).refusals).toEqual([]);
});

test("XenServer is rebooted by its toolstack", () => {
  const facts = { ...hidden, machine: { ...hidden.machine, isXenServer: true } };
  expect(planPresent(facts, wish(), DEV).reboot).toMatchObject({ by: "xapi", bootId: LAB.machine.bootId });
});

test('"never" tells what waits, and leaves the host up', () => {
  const plan = planPresent(hidden, wish({ when: "never" }), DEV);
  expect(plan).toMatchObject({ steps: [], reboot: undefined, refusals: [] });
  expect(plan.effects).toEqual([
    neither(
      'the host needs a reboot, and is not rebooted (when: "never"): 0000:01:00.0 will be hidden from the next boot',
    ),
  ]);
});
