import type { Domain } from "../../provider/facts/domains";
import type { HostFacts } from "../../provider/facts/host-facts";
import { PERMISSIVE_FILE, QUIRKS_FILE } from "../../provider/facts/xend";
import { planAbsent, planPresent } from "../../provider/plan/kinds/kinds";
import { toolstackOf } from "../../provider/plan/toolstack";
import type { AttachWish, Wish } from "../../provider/plan/wish";
import { simulate, stepShell } from "../../provider/steps/steps";
import type { AttachOptions } from "../../provider/vm-text/attach-options";
import { textFile, withFiles, withVmConfigs } from "./host-files";
import { address, LAB, listed, ownedBy, TRIAL_BOOT, target } from "./recorded-host";

const [NIC, OTHER] = ["0000:01:00.0", "0000:01:00.1"];
const DEV = ownedBy("dev", "token-1");
const common = { expect: [], allow: [], toolstack: undefined };
const PERMISSIVE = "(unconstrained_dev_ids\n     #('0123:4567:89AB:CDEF')\n)\n";
const DOMAIN: Domain = {
  id: 3,
  name: "ng",
  uuid: undefined,
  paused: false,
  startedForDevices: true,
  disks: [],
  pciDevices: [],
};

/** The lab host with xend in the place of xl. */
function xendHost(
  change: { version?: string; commands?: readonly string[]; config?: string; running?: boolean } = {},
): HostFacts {
  const [major = 0, minor = 0] = (change.version ?? "4.1").split(".").map(Number);
  if (!LAB.xen) throw new Error("the lab host has no Xen");
  const onPciback = [...LAB.pciDevices].map(
    ([address, device]) =>
      [address, address.startsWith("0000:01:00") ? { ...device, driver: "pciback" } : device] as const,
  );
  const host = withVmConfigs(
    LAB,
    textFile("/etc/xen/ng-kernel", change.config ?? 'name = "ng"\nkernel = "/k"\n'),
    textFile("/etc/xen/xmexample1", "name = \"ng\"\npci = [ '01:00.0' ]\n"),
  );
  return {
    ...withFiles(host, textFile(PERMISSIVE_FILE, PERMISSIVE)),
    libvirt: undefined,
    xen: { ...LAB.xen, major, minor, xl: false },
    xend: {
      answers: true,
      commands: change.commands ?? ["pci-attach", "pci-detach", "pci-list", "pci-list-assignable-devices"],
    },
    pciDevices: new Map(onPciback),
    domains: change.running ? listed(DOMAIN) : listed(),
    claims: [],
  };
}

function wish(device = NIC, options: AttachOptions = {}, scope: AttachWish["scope"] = "auto"): Wish {
  return { kind: "VmPciAttachment", target: target(device ?? ""), vm: "ng", scope, options, ...common };
}

const messages = (facts: HostFacts, some: Wish) => planPresent(facts, some, DEV).refusals.map(({ message }) => message);
const text = (facts: HostFacts, path: string) => facts.files.byPath.get(path)?.text;

test("a VM is found in a file of any name; Xen's own example is no VM", () => {
  const { steps, refusals } = planPresent(xendHost(), wish(), DEV);
  expect(refusals).toEqual([]);
  expect(steps.map((step) => step.kind)).toEqual(["write-claim", "edit-vm-file"]);
  expect(text(simulate(xendHost(), steps), "/etc/xen/ng-kernel")).toBe(
    `name = "ng"\nkernel = "/k"\npci = [ '${NIC}' ]\n`,
  );
});

test.each<[AttachOptions, string, string]>([
  [{ seize: true }, "4.1", "xm does not know the option seize: it came with xl. Remove it"],
  [{ rdmPolicy: "relaxed" }, "4.4", "xm does not know the option rdmPolicy: it came with xl. Remove it"],
  [{ msitranslate: true }, "3.3", "xm of Xen 3.3 does not know the option msitranslate (since 3.4). Remove it"],
  [{ vslot: 5 }, "3.1", "xm of Xen 3.1 does not know the option vslot (since 3.4). Remove it"],
])("%j is refused on Xen %s, whose xm would drop the entry", (options, version, message) => {
  expect(messages(xendHost({ version }), wish(NIC, options, "config"))).toEqual([message]);
});

test("a running VM gets the device by xm pci-attach, with its options", () => {
  const { steps } = planPresent(xendHost({ running: true }), wish(NIC, { msitranslate: false }), DEV);
  const attach = steps.find((step) => step.kind === "attach");
  expect(attach && stepShell(attach)).toMatchObject({
    perform: `xm_attach 3 ${NIC} -o msitranslate=0`,
    undo: `xm_detach 3 ${NIC}`,
  });
});

test("an xm without pci-attach leaves it to the next start, or refuses when that was asked for", () => {
  const facts = xendHost({ version: "3.1", commands: [], running: true });
  const { steps, effects } = planPresent(facts, wish(), DEV);
  expect(steps.some((step) => step.kind === "attach")).toBe(false);
  expect(effects.map(({ text }) => text).join("\n")).toContain("does not know pci-attach (it came with Xen 3.3)");
  expect(messages(facts, wish(NIC, {}, "live")).join()).toContain("does not know pci-attach");
});

test("a list that Python code makes is refused with its line, and with what to do", () => {
  const facts = xendHost({ config: "name = 'ng'\npci = [ '01:' + '00.0' ]\n" });
  expect(messages(facts, wish()).join()).toMatch(/\/etc\/xen\/ng-kernel .*line 2: `pci' is computed by Python code/);
});

describe("permissive is an entry of xend's own file, by the ids of the device", () => {
  const both = [NIC, OTHER].map((device) => wish(device, { permissive: true }));

  test("and nothing of it stands in the VM's file", () => {
    const then = simulate(xendHost(), planPresent(xendHost(), both[0] as Wish, DEV).steps);
    expect(text(then, PERMISSIVE_FILE)).toBe(PERMISSIVE.replace("ids\n", "ids ('8086:10d3:8086:0000')\n"));
    expect(text(then, "/etc/xen/ng-kernel")).toContain(`pci = [ '${NIC}' ]`);
    expect(planPresent(then, both[0] as Wish, DEV).steps).toEqual([]);
  });

  test("and every device of those ids becomes permissive, which preview says", () => {
    expect(planPresent(xendHost(), both[0] as Wish, DEV).warnings.join("\n")).toContain(
      `${OTHER} has the ids 8086:10d3:8086:0000 too`,
    );
  });

  test.each([
    ["first", [0, 1]],
    ["last", [1, 0]],
  ])("and two of those ids share it: it goes with the second, whichever goes %s", (_, order) => {
    let facts = xendHost();
    for (const wish of both) facts = simulate(facts, planPresent(facts, wish, DEV).steps);
    const [early, late] = order.map((index) => both[index] as Wish);
    facts = simulate(facts, planAbsent(facts, early as Wish, DEV).steps);
    expect(text(facts, PERMISSIVE_FILE)).toContain("8086:10d3:8086:0000");
    facts = simulate(facts, planAbsent(facts, late as Wish, DEV).steps);
    expect(text(facts, PERMISSIVE_FILE)).toBe(PERMISSIVE);
    expect(facts.files).toEqual(xendHost().files);
  });

  test("and it goes when the program does not want it any more", () => {
    const then = simulate(xendHost(), planPresent(xendHost(), both[0] as Wish, DEV).steps);
    const without = simulate(then, planPresent(then, wish(), DEV).steps);
    expect(text(without, PERMISSIVE_FILE)).toBe(PERMISSIVE);
    expect(text(without, "/etc/xen/ng-kernel")).toContain(NIC);
  });

  test("and an entry that somebody else wrote stays for ever", () => {
    const mine = "(unconstrained_dev_ids ('8086:10d3'))\n";
    const host = withFiles(xendHost(), textFile(PERMISSIVE_FILE, mine));
    const then = simulate(host, planPresent(host, both[0] as Wish, DEV).steps);
    expect(text(simulate(then, planAbsent(then, both[0] as Wish, DEV).steps), PERMISSIVE_FILE)).toBe(mine);
  });
});

describe("quirks are a line of xend's own file, by the ids of the device", () => {
  const E0 = "000000e0:2:00000000";
  const both = [NIC, OTHER].map((device) => wish(device, { quirks: [E0] }));
  const withQuirks = (content: string) => withFiles(xendHost(), textFile(QUIRKS_FILE, content));

  test.each([
    ["is not there", xendHost(), undefined],
    ["is there", withQuirks("# none"), "# none"],
  ])("where the file %s; two devices of those ids share the line", (_, host, before) => {
    let facts: HostFacts = host;
    for (const wish of both) facts = simulate(facts, planPresent(facts, wish, DEV).steps);
    expect(text(facts, QUIRKS_FILE)?.match(/'000000e0:2:00000000'/g)).toHaveLength(1);
    expect(text(facts, "/etc/xen/ng-kernel")).not.toContain(E0);
    expect(both.flatMap((wish) => planPresent(facts, wish, DEV).steps)).toEqual([]);
    for (const wish of both) facts = simulate(facts, planAbsent(facts, wish, DEV).steps);
    expect(text(facts, QUIRKS_FILE)).toBe(before);
  });

  test("and they change and go with the program", () => {
    const then = simulate(xendHost(), planPresent(xendHost(), both[0] as Wish, DEV).steps);
    const more = simulate(then, planPresent(then, wish(NIC, { quirks: [E0, "000000e4:1:00000000"] }), DEV).steps);
    expect(text(more, QUIRKS_FILE)).toContain(`('${E0}' '000000e4:1:00000000')`);
    const without = simulate(more, planPresent(more, wish(), DEV).steps);
    expect(text(without, QUIRKS_FILE)).toBeUndefined();
  });

  test("and other ones for the same ids are refused, whoever wrote them", () => {
    const others = wish(OTHER, { quirks: ["000000e4:1:00000000"] });
    const then = simulate(xendHost(), planPresent(xendHost(), both[0] as Wish, DEV).steps);
    const reason = /other quirks for 8086:10d3:8086:0000, 000000e0:2:00000000, .*Add 000000e4:1:00000000 there/;
    expect(messages(then, others).join()).toMatch(reason);
    const byHand = withQuirks(`(mine (pci_ids ('8086:10d3')) (pci_config_space_fields ('E0:2:0')))\n`);
    expect(messages(byHand, others).join()).toMatch(reason);
    const found = simulate(byHand, planPresent(byHand, both[0] as Wish, DEV).steps);
    expect(text(simulate(found, planAbsent(found, both[0] as Wish, DEV).steps), QUIRKS_FILE)).toBe(
      text(byHand, QUIRKS_FILE),
    );
  });

  test("and only xend has them", () => {
    const xl = { ...withVmConfigs(LAB, textFile("/etc/xen/ng.cfg", 'name = "ng"\n')), claims: [] };
    expect(messages(xl, both[0] as Wish).join()).toContain("xl does not support quirks, which are a file of xend");
  });
});

test("while xend runs, xl is not used; a xend that does not answer is named", () => {
  const facts = xendHost();
  const withXl = { ...facts, xen: facts.xen && { ...facts.xen, xl: true } };
  expect(toolstackOf(withXl, undefined)).toMatchObject({ toolstack: "xm" });
  const silent = { ...facts, xend: facts.xend && { ...facts.xend, answers: false } };
  expect(toolstackOf(silent, undefined)).toMatchObject({ reason: expect.stringContaining("service xend start") });
});

describe("hiding by /etc/xen/pciback.conf", () => {
  const hide = (device: string): Wish => ({
    kind: "HiddenPciDevice",
    trialBoot: TRIAL_BOOT,
    target: target(device),
    driver: undefined,
    mechanism: "pciback-conf",
    ...common,
  });
  const withReader = (facts: HostFacts): HostFacts => {
    const script = textFile("/etc/init.d/pciback", "configfile=/etc/xen/pciback.conf\n");
    const { files } = withFiles(facts, script);
    return { ...facts, files: { ...files, pcibackConfReaders: [script.path] } };
  };

  test("uses the script of somebody else where the boot starts it, and refuses one that it does not start", () => {
    const own = withReader({ ...LAB, pcibackConf: { ...LAB.pcibackConf, started: ["pciback"] } });
    const plan = planPresent(own, hide("03:00.0"), DEV);
    expect(plan.steps.flatMap((step) => (step.kind === "edit-file" ? [step.path] : []))).toContain(
      "/etc/xen/pciback.conf",
    );
    expect(plan.steps.some((step) => step.kind === "boot-script")).toBe(false);
    const idle = { ...own, pcibackConf: { ...own.pcibackConf, started: [] } };
    expect(messages(idle, hide("03:00.0")).join()).toContain("nothing starts it at boot");
  });

  test.each([
    ["the same", (list: readonly Wish[]) => list],
    ["the opposite", (list: readonly Wish[]) => [...list].reverse()],
  ])("several functions share script, unit and module list, taken back in %s order", (_, order) => {
    const start: HostFacts = {
      ...withFiles(LAB, textFile("/etc/modules", "# none")),
      pcibackConf: { started: [], init: "systemd", modulesLoad: true },
      claims: [],
    };
    const list = [hide("0000:01:00"), hide("03:00.0")];
    let facts = start;
    for (const wish of list) facts = simulate(facts, planPresent(facts, wish, DEV).steps);
    for (const wish of list) expect(planPresent(facts, wish, DEV).steps).toEqual([]);
    expect(facts.pcibackConf.started).toEqual(["pulumi-pciback.service"]);
    const [first, second] = order(list);
    facts = simulate(facts, planAbsent(facts, first as Wish, DEV).steps);
    expect(facts.pcibackConf.started).toEqual(["pulumi-pciback.service"]);
    facts = simulate(facts, planAbsent(facts, second as Wish, DEV).steps);
    expect([facts.pcibackConf, facts.files]).toEqual([start.pcibackConf, start.files]);
  });

  test("a run that was cut off between the list and the module is finished by the next", () => {
    const host = withFiles(LAB, textFile("/etc/modules", "# none\n"));
    const started = { ...LAB.pcibackConf, started: ["pciback"] };
    const start = { ...withReader({ ...host, pcibackConf: started }), claims: [] };
    const whole = planPresent(start, hide("03:00.0"), DEV).steps;
    const end = simulate(start, whole);
    expect(text(end, "/etc/modules")).toBe("# none\nxen_pciback\n");
    for (const done of whole.keys()) {
      const cutOff = simulate(start, whole.slice(0, done));
      expect(simulate(cutOff, planPresent(cutOff, hide("03:00.0"), DEV).steps)).toEqual(end);
    }
  });

  test("judges what it takes from the host", () => {
    const booted: HostFacts = { ...LAB, pcibackConf: { ...LAB.pcibackConf, init: "systemd" } };
    expect(messages(booted, hide("00:02.0")).join()).toContain("which the host uses for /");
  });
});

test("the devices of the lab are those that this test speaks of", () => {
  expect(LAB.pciDevices.get(address(NIC ?? ""))?.identity).toMatchObject({ id: "8086:10d3", subsystem: "8086:0000" });
});
