import fc from "fast-check";
import type { ResourceKind } from "../../provider/claims/claim-key";
import { ConnectionError } from "../../provider/errors";
import type { HostFacts } from "../../provider/facts/host-facts";
import { KINDS } from "../../provider/plan/kinds/kinds";
import { EngineRun } from "../../provider/resources/engine-run";
import type { Managed } from "../../provider/resources/wanted";
import { address, LAB, listed, PV1 } from "../plan/recorded-host";
import { type Bag, created, FakeHost, given } from "./fake-host";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const resources: readonly [ResourceKind, Bag, string][] = [
  ["HiddenPciDevice", { device: "01:00.0" }, "/HiddenPciDevice/0000:01:00.0"],
  ["AssignableDevice", { device: "0000:01:00" }, "/AssignableDevice/0000:01:00"],
  ["VmPciAttachment", { device: "01:00.0", vm: "pv2" }, "/VmPciAttachment/0000:01:00.0/pv2"],
  ["SriovVirtualFunctions", { device: "03:00.0", count: 2 }, "/SriovVirtualFunctions/0000:03:00.0"],
  ["IommuBootParameters", {}, "/IommuBootParameters"],
  ["HostReboot", { when: "always", triggers: ["a"] }, "/HostReboot"],
];

/** A declaration as the resource classes report it. */
function declared(kind: ResourceKind, label: string, inputs: Bag, unknown: readonly string[] = []): Bag {
  return { kind, label, inputs, unknown };
}

/** What preview says of a resource of this program, whose inputs that wait for others the engine does not know. */
async function previewed(
  host: FakeHost,
  program: readonly Bag[],
  label: string,
  { ofKind, hosts }: { readonly ofKind?: ResourceKind; readonly hosts: "told" | "told by another" } = { hosts: "told" },
): Promise<readonly string[]> {
  const { kind, inputs, unknown } = program.find(
    (declaration) => declaration.label === label && (ofKind === undefined || declaration.kind === ofKind),
  ) as {
    readonly kind: ResourceKind;
    readonly inputs: Bag;
    readonly unknown: readonly string[];
  };
  const waiting = Object.fromEntries(unknown.map((name) => [name, UNKNOWN]));
  const __program = JSON.stringify({
    preview: true,
    ...(hosts === "told" ? { hosts: [] } : {}),
    complete: true,
    declarations: program,
  });
  const inputsGiven = { ...given({ ...inputs, ...waiting }, label), __program };
  const { failures = [] } = await host.handlers(kind).check({}, inputsGiven);
  return [...host.lines.splice(0), ...failures.map(({ reason }) => reason)];
}

describe.each(resources)("%s", (kind, inputs, id) => {
  let host: FakeHost;
  beforeEach(() => {
    host = new FakeHost(LAB);
  });

  test("has an id of its machine and itself, and outputs that the engine can keep", async () => {
    const { id: made, outs } = await created(host.handlers(kind), inputs);
    expect(made).toBe(`${LAB.machine.id}${id}`);
    // One undefined anywhere makes the engine lose a resource that was created.
    expect(JSON.parse(JSON.stringify(outs))).toStrictEqual(outs);
  });

  test("once made, it is as declared: no diff, whichever way round the engine asks", async () => {
    const handlers = host.handlers(kind);
    const { id: made, outs } = await created(handlers, inputs);
    const { inputs: checked } = await handlers.check(outs, given(inputs));
    expect((await handlers.diff(made, outs, checked)).changes).toBe(false);
    // A refresh gives what was read as olds and the old inputs as news (pulumi/pulumi, step.go, RefreshStep).
    const { props } = await handlers.read(made, outs);
    expect((await handlers.diff(made, props, checked)).changes).toBe(false);
    expect(props).toEqual(outs);
  });

  test("another login, label or name of the host is no other resource", async () => {
    const handlers = host.handlers(kind);
    const { id: made, outs } = await created(handlers, inputs);
    const host2 = { address: "xen1.example.com", user: "admin", port: 2222 };
    const { replaces } = await handlers.diff(made, outs, { ...given(inputs, "renamed"), ...outs, host: host2 });
    expect(replaces ?? []).toEqual([]);
  });

  test("on another machine it is replaced, and the old one goes first", async () => {
    const handlers = host.handlers(kind);
    const { id: made, outs } = await created(handlers, inputs);
    host.facts = { ...host.facts, machine: { ...host.facts.machine, id: "another" } };
    expect(await handlers.diff(made, outs, outs)).toEqual({ replaces: ["host"], deleteBeforeReplace: true });
  });

  test("an unknown property is refused by name", async () => {
    const { failures } = await host.handlers(kind).check({}, given({ ...inputs, devise: "x" }));
    expect(failures).toEqual([expect.objectContaining({ reason: expect.stringMatching(/devise/) })]);
  });

  test.each([...Object.keys(inputs), "host"])("an unknown %s holds the check up, and nothing more", async (name) => {
    const handlers = host.handlers(kind);
    const { inputs: checked, failures = [] } = await handlers.check({}, given({ ...inputs, [name]: UNKNOWN }));
    expect(failures).toEqual([]);
    expect(checked[name]).toBe(UNKNOWN);
    const { id: made, outs } = await created(handlers, inputs);
    // The engine asks so whether an attachment goes before the device that it depends on is replaced.
    const replaces = KINDS[kind].keyInputs.filter((keyInput) => keyInput === name);
    expect(await handlers.diff(made, outs, checked)).toEqual({ replaces, deleteBeforeReplace: true });
    expect(host.lines.filter((line) => line.startsWith("warning"))).toEqual([]);
  });

  test("deleted twice, the second does nothing and succeeds", async () => {
    const handlers = host.handlers(kind);
    const { id: made, outs } = await created(handlers, inputs);
    await handlers.delete(made, outs);
    const after = host.facts;
    await handlers.delete(made, outs);
    expect(host.facts).toEqual(after);
  });

  test("whatever is given, check answers: with inputs, or with failures that name what is wrong", async () => {
    const handlers = host.handlers(kind);
    const anything = fc.dictionary(fc.constantFrom(...Object.keys(inputs), "host", "allow", "expect"), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(anything, async (bag) => {
        const { inputs: checked, failures = [] } = await handlers.check({}, given(bag as Bag));
        expect(checked).toBeDefined();
        for (const failure of failures) expect(failure.reason).not.toBe("");
      }),
      { numRuns: 40 },
    );
  });
});

test("another VM for a device is not refused by the entry that the resource itself made in the first", async () => {
  const host = new FakeHost(LAB);
  const handlers = host.handlers("VmPciAttachment");
  const { outs } = await created(handlers, { device: "01:00.0", vm: "pv2" });
  const moved = {
    ...given({ device: "01:00.0", vm: "pv1" }),
    __program: JSON.stringify({ preview: true, hosts: [], complete: true, declarations: [] }),
  };
  expect((await handlers.check(outs, moved)).failures).toEqual([]);
  // The engine checks a replacement once more, as a resource that it does not have yet.
  expect((await handlers.check({}, moved)).failures).toEqual([]);
  expect(host.lines.slice(1)).toEqual([
    expect.stringMatching(/removed from \/etc\/xen\/pv2\.cfg[\s\S]*"pv1" gets 0000:01:00\.0 .*\/etc\/xen\/pv1\.cfg/),
  ]);
});

describe("a host that cannot be reached", () => {
  const host = new FakeHost(LAB);
  const error = new ConnectionError("no-answer", "Unable to reach xen1: it did not answer within 5 s.");
  const check = (preview: boolean) =>
    host
      .unreachable(error)
      .handlers("AssignableDevice")
      .check(
        {},
        {
          ...given({ device: "01:00.0" }),
          __program: JSON.stringify({ preview, hosts: [], complete: true, declarations: [] }),
        },
      );

  test("is a warning in preview, which says what was not looked at", async () => {
    expect((await check(true)).failures).toEqual([]);
    expect(host.lines).toEqual([`warning: ${error.message}\nEffects and guards were not checked for this host.`]);
  });

  test("keeps nobody from judging another one behind the same address", async () => {
    const reached = new FakeHost(LAB);
    const hosts = [host.unreachable(error), reached].map((each) => each.hostFor({ address: "xen1" }));
    const { check } = reached.handlers("AssignableDevice", ({ port }) => hosts[port === 22 ? 0 : 1] as Managed);
    const checked = (port: number) =>
      check(
        {},
        {
          ...given({ device: "00:03.0" }),
          host: { address: "xen1", port },
          __program: JSON.stringify({ preview: true, hosts: [], complete: true, declarations: [] }),
        },
      );
    expect((await checked(22)).failures).toEqual([]);
    expect((await checked(2222)).failures).toMatchObject([{ reason: expect.stringContaining("the SSH session") }]);
  });

  test("is not asked with PCI_PASSTHROUGH_OFFLINE=1, and preview says so", async () => {
    const offline = new FakeHost(LAB);
    offline.env.PCI_PASSTHROUGH_OFFLINE = "1";
    const program = { preview: true, hosts: [], complete: true, declarations: [] };
    const { check } = offline.unreachable(error).handlers("AssignableDevice");
    expect((await check({}, { ...given({ device: "01:00.0" }), __program: JSON.stringify(program) })).failures).toEqual(
      [],
    );
    expect(offline.lines).toEqual([
      "warning: xen1 was not asked (PCI_PASSTHROUGH_OFFLINE=1). Effects and guards were not checked for this host.",
    ]);
  });

  test("is a failure in preview with PCI_PASSTHROUGH_STRICT=1", async () => {
    host.env.PCI_PASSTHROUGH_STRICT = "1";
    expect((await check(true)).failures).toEqual([{ property: "", reason: error.message }]);
    delete host.env.PCI_PASSTHROUGH_STRICT;
  });

  test("fails a removal, and says how to forget the resource of a host that is gone for good", async () => {
    const reached = new FakeHost(LAB);
    const { id, outs } = await reached.handlers("AssignableDevice").create(given({ device: "01:00.0" }));
    const removal = reached.unreachable(error).handlers("AssignableDevice").delete(id, outs);
    await expect(removal).rejects.toThrow(
      `${error.message}\nIf the host is gone for good, forget the resource: pulumi state delete urn:`,
    );
  });

  test("is a failure of up, also for resources that have not changed", async () => {
    expect((await check(false)).failures).toEqual([{ property: "", reason: error.message }]);
  });
});

describe("preview counts what the program's other declarations will have done before", () => {
  const NIC = { device: "01:00.0" };
  const BUSY: HostFacts = { ...LAB, domains: listed(PV1) };

  test("a VM that runs gets a device that is made assignable first", async () => {
    const host = new FakeHost(BUSY);
    const program = [
      declared("AssignableDevice", "nic", NIC),
      declared("VmPciAttachment", "attachment", { ...NIC, vm: "pv1" }),
    ];
    expect(await previewed(host, program, "attachment")).toEqual([
      expect.stringContaining('0000:01:00.0 is hot-plugged into the running VM "pv1"'),
    ]);
  });

  test("resources of two kinds may have one name", async () => {
    const host = new FakeHost(BUSY);
    const program = [
      declared("AssignableDevice", "nic", NIC),
      declared("VmPciAttachment", "nic", { ...NIC, vm: "pv1" }),
    ];
    expect(await previewed(host, program, "nic", { ofKind: "VmPciAttachment", hosts: "told" })).toEqual([
      expect.stringContaining('0000:01:00.0 is hot-plugged into the running VM "pv1"'),
    ]);
  });

  test("what a resource waits for is looked up by its kind and name", async () => {
    const host = new FakeHost(LAB);
    const program = [declared("HiddenPciDevice", "nic", NIC), declared("HostReboot", "nic", {}, ["triggers"])];
    expect(await previewed(host, program, "nic", { ofKind: "HostReboot", hosts: "told" })).toEqual([
      expect.stringContaining("the host is rebooted"),
    ]);
  });

  test("a host is rebooted for what is hidden before, and not for what a stub driver has already", async () => {
    const host = new FakeHost(LAB);
    const hidden = declared("HiddenPciDevice", "hidden", NIC);
    const assignable = declared("AssignableDevice", "nic", NIC);
    const reboot = declared("HostReboot", "reboot", { allowRunningVms: true }, ["triggers"]);
    expect(await previewed(host, [hidden, reboot], "reboot")).toEqual([
      expect.stringMatching(/the host is rebooted\n {2}because 0000:01:00\.0 will be hidden from the next boot/),
    ]);
    expect(await previewed(host, [hidden, assignable, reboot], "reboot")).toEqual([
      expect.stringContaining("no boot change needs a reboot: the host is not rebooted"),
    ]);
  });

  test("running VMs forbid the reboot in preview already", async () => {
    const host = new FakeHost(BUSY);
    const program = [declared("HiddenPciDevice", "hidden", NIC), declared("HostReboot", "reboot", {}, ["triggers"])];
    expect(await previewed(host, program, "reboot")).toEqual([expect.stringContaining("VMs are running on it: pv1")]);
  });

  test("one device for two VMs is refused", async () => {
    const host = new FakeHost(LAB);
    const program = [
      declared("VmPciAttachment", "first", { ...NIC, vm: "pv1" }),
      declared("VmPciAttachment", "second", { ...NIC, vm: "pv2" }),
    ];
    expect(await previewed(host, program, "second")).toEqual([
      expect.stringContaining('If this is intended, add allow: ["configured-in-other-vm"]'),
    ]);
  });
});

describe("what the program no longer declares", () => {
  const NIC = { device: "01:00.0" };
  const deployed = async () => {
    const host = new FakeHost(LAB);
    await created(host.handlers("AssignableDevice"), NIC);
    await created(host.handlers("VmPciAttachment"), { ...NIC, vm: "pv2" });
    host.lines.splice(0);
    return host;
  };
  const other = declared("AssignableDevice", "other", { device: "01:00.1" });

  test("is in preview, in the order in which it is taken back, and once", async () => {
    const host = await deployed();
    const reboot = declared("HostReboot", "reboot", {});
    expect(await previewed(host, [reboot], "reboot")).toEqual([
      "xen1: the entry for 0000:01:00.0 is removed from /etc/xen/pv2.cfg",
      expect.stringMatching(/^xen1: 0000:01:00\.0 goes back to e1000e \(Ethernet .*\)$/),
      expect.stringContaining("the host is not rebooted"),
    ]);
    expect(await previewed(host, [reboot], "reboot")).toEqual([expect.stringContaining("the host is not rebooted")]);
  });

  test("is in preview with what speaks against it", async () => {
    const host = await deployed();
    const byHand = { ...PV1, pciDevices: [{ address: address("01:00.0") }] };
    host.facts = { ...host.facts, domains: listed(byHand) };
    expect(await previewed(host, [other], "other")).toEqual([
      "xen1: the entry for 0000:01:00.0 is removed from /etc/xen/pv2.cfg",
      expect.stringMatching(/^warning: xen1: this cannot be removed: the VM "pv1" \(domain 1\) has 0000:01:00\.0 now/),
      expect.stringContaining("0000:01:00.1 is taken from the host driver e1000e"),
    ]);
  });

  test("is told once the program's hosts are known, whichever resource is checked first", async () => {
    const host = await deployed();
    const [first, second] = [declared("HostReboot", "first", {}), declared("HostReboot", "second", {})];
    expect((await previewed(host, [first], "first", { hosts: "told by another" })).join()).not.toContain("goes back");
    expect((await previewed(host, [second], "second")).join()).toMatch(/is removed[\s\S]*goes back to e1000e/);
    expect((await previewed(host, [first], "first", { hosts: "told by another" })).join()).not.toContain("goes back");
  });

  test("may be declared under another name, or under one that is not known yet", async () => {
    const renamed = [declared("AssignableDevice", "new", NIC), declared("VmPciAttachment", "a", { ...NIC, vm: "pv2" })];
    const unknown = [
      other,
      declared("AssignableDevice", "new", {}, ["device"]),
      declared("VmPciAttachment", "a", {}, ["vm"]),
    ];
    expect((await previewed(await deployed(), renamed, "new")).join()).not.toMatch(/goes back|is removed/);
    expect((await previewed(await deployed(), unknown, "other")).join()).not.toMatch(/goes back|is removed/);
  });
});

test("a second declaration of the same device or host in one program is refused, however its address is written", async () => {
  const host = new FakeHost(LAB);
  const program = (declaration: Bag) => ({
    __program: JSON.stringify({ preview: true, hosts: [], complete: true, declarations: [declaration] }),
  });
  const twins: readonly [ResourceKind, Bag, Bag][] = [
    ["AssignableDevice", { device: "01:00.0" }, declared("AssignableDevice", "first", { device: "0000:01:00.0" })],
    ["HostReboot", {}, declared("HostReboot", "first", {})],
    ["AssignableDevice", { device: "01:00.0" }, declared("AssignableDevice", "first", { device: "01:00" })],
    ["HiddenPciDevice", { device: "01:00" }, declared("HiddenPciDevice", "first", { device: "01:00.1" })],
  ];
  for (const [kind, inputs, first] of twins) {
    const { failures } = await host.handlers(kind).check({}, { ...given(inputs), ...program(first) });
    expect(failures).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^"first" declares the (same )?\S+ for .*Remove one/) }),
    ]);
  }
});

test("a resource is gone only when both its claim and its effect are", async () => {
  const host = new FakeHost(LAB);
  const handlers = host.handlers("AssignableDevice");
  const { id, outs } = await created(handlers, { device: "01:00.0" });
  const made = host.facts;
  const without = (facts: Partial<HostFacts>) => ({ ...made, ...facts });
  host.facts = without({ claims: [] });
  expect((await handlers.read(id, outs)).id).toBe(id);
  host.facts = without({ pciDevices: LAB.pciDevices });
  expect((await handlers.read(id, outs)).props).toMatchObject({ active: false });
  host.facts = without({ pciDevices: LAB.pciDevices, claims: [] });
  expect(await handlers.read(id, outs)).toEqual({});
});

test("the last line of a destroy names every host that waits for a reboot, and takes back what does not any more", async () => {
  const on = (stub: HostFacts) => {
    const device = stub.pciDevices.get(
      [...stub.pciDevices.keys()].find((address) => address === "0000:01:00.0") ?? ("" as never),
    );
    if (!device) throw new Error("the lab host has that NIC");
    return { ...stub, pciDevices: new Map(stub.pciDevices).set(device.address, { ...device, driver: "pciback" }) };
  };
  const hosts = [new FakeHost(LAB, "xen1"), new FakeHost(LAB, "xen2")];
  const run = new EngineRun();
  const lines: string[] = [];
  for (const host of hosts) {
    Object.assign(host, { run, lines });
    const handlers = host.handlers("HiddenPciDevice");
    const { id, outs } = await created(handlers, { device: "01:00.0" });
    host.facts = on(host.facts); // as after the reboot
    await handlers.delete(id, outs);
  }
  expect(lines.at(-1)).toBe(
    "Hosts that wait for a reboot:\n  xen1: 0000:01:00.0 stays on pciback until the next boot\n  xen2: 0000:01:00.0 stays on pciback until the next boot",
  );
});
