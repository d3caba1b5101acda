import fc from "fast-check";
import type { ResourceKind } from "../../provider/claims/claim-key";
import type { HostFacts } from "../../provider/facts/host-facts";
import { LAB } from "../plan/recorded-host";
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
    expect(await handlers.diff(made, outs, checked)).toEqual({ deleteBeforeReplace: true });
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

test("a second declaration of the same device or host in one program is refused, however its address is written", async () => {
  const host = new FakeHost(LAB);
  const program = (declaration: Bag) => ({ __program: { preview: true, hosts: [], declarations: [declaration] } });
  const twins: readonly [ResourceKind, Bag, Bag][] = [
    ["AssignableDevice", { device: "01:00.0" }, { kind: "AssignableDevice", label: "first", device: "0000:01:00.0" }],
    ["HostReboot", {}, { kind: "HostReboot", label: "first" }],
  ];
  for (const [kind, inputs, first] of twins) {
    const { failures } = await host.handlers(kind).check({}, { ...given(inputs), ...program(first) });
    expect(failures).toEqual([
      expect.objectContaining({ reason: expect.stringMatching(/^"first" declares the same/) }),
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
      [...stub.pciDevices.keys()].find((one) => one === "0000:01:00.0") ?? ("" as never),
    );
    if (!device) throw new Error("the lab host has that NIC");
    return { ...stub, pciDevices: new Map(stub.pciDevices).set(device.address, { ...device, driver: "pciback" }) };
  };
  const hosts = [new FakeHost(LAB, "xen1"), new FakeHost(LAB, "xen2")];
  const waitingHosts = hosts[0]?.waitingHosts ?? new Map();
  const lines: string[] = [];
  for (const host of hosts) {
    Object.assign(host, { waitingHosts, lines });
    const handlers = host.handlers("HiddenPciDevice");
    const { id, outs } = await created(handlers, { device: "01:00.0" });
    host.facts = on(host.facts); // as after the reboot
    await handlers.delete(id, outs);
  }
  expect(lines.at(-1)).toBe(
    "Hosts that wait for a reboot:\n  xen1: 0000:01:00.0 stays on pciback until the next boot\n  xen2: 0000:01:00.0 stays on pciback until the next boot",
  );
});
