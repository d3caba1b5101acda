import type { ResourceKind } from "../../provider/claims/claim-key";
import type { HostFacts } from "../../provider/facts/host-facts";
import { afterReboot } from "../../provider/plan/kinds/after-reboot";
import { EngineRun } from "../../provider/resources/engine-run";
import { ExpectedEnds } from "../../provider/resources/expected-ends";
import { address, LAB, listed } from "../plan/recorded-host";
import { type Bag, FakeHost, given } from "./fake-host";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const IDLE: HostFacts = { ...LAB, domains: listed() };
const NIC = { device: "01:00.0" };
const HIDDEN = { kind: "HiddenPciDevice", label: "hidden", inputs: NIC } as const;
const ASSIGNABLE = { kind: "AssignableDevice", label: "nic", inputs: NIC } as const;
const REBOOT = { kind: "HostReboot", label: "reboot", inputs: {} } as const;

interface Declared {
  readonly kind: ResourceKind;
  readonly label: string;
  readonly inputs: Bag;
}

interface InState {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly inputs: Bag;
  readonly outs: Bag;
}

/** A stack as the engine has it, on a host that is nothing but facts. */
class Stack {
  private readonly resources = new Map<string, InState>();

  constructor(readonly host: FakeHost) {}

  /** Carries a program out in its order. Returns how each resource that is not new changed: the inputs that differ. */
  async up(program: readonly Declared[]): Promise<Readonly<Record<string, readonly string[]>>> {
    this.host.run = new EngineRun();
    const updated: Record<string, readonly string[]> = {};
    for (const { kind, label, inputs } of program) {
      const handlers = this.host.handlers(kind);
      const state = this.resources.get(label);
      const checked = await this.check(program, { kind, label, inputs }, false);
      if (!state) {
        const { id, outs } = await handlers.create(checked);
        this.resources.set(label, { kind, id, inputs: checked, outs });
        continue;
      }
      const { changes } = await handlers.diff(state.id, state.outs, checked);
      if (changes === false) {
        this.resources.set(label, { ...state, inputs: checked });
        continue;
      }
      updated[label] = differing(state.inputs, checked);
      const { outs } = await handlers.update(state.id, state.outs, checked);
      this.resources.set(label, { ...state, inputs: checked, outs });
    }
    return updated;
  }

  /** The outputs that preview foretells. */
  preview(program: readonly Declared[], label: string): Promise<Bag> {
    const declared = program.find((other) => other.label === label);
    if (!declared) throw new Error(`the program does not declare ${label}`);
    return this.check(program, declared, true);
  }

  /** What preview says of a resource that the state has. */
  async previewUpdate({ kind, label, inputs }: Declared): Promise<readonly string[]> {
    const state = this.resources.get(label);
    if (!state) throw new Error(`the state has no ${label}`);
    this.host.run = new EngineRun();
    this.host.lines.splice(0);
    const handlers = this.host.handlers(kind);
    const checked = await this.check([{ kind, label, inputs }], { kind, label, inputs }, true, handlers);
    await handlers.diff(state.id, state.outs, checked);
    return this.host.lines;
  }

  /** The engine removes what the program does not declare any more when all else is done. */
  async remove(label: string): Promise<void> {
    const state = this.resources.get(label);
    if (!state) throw new Error(`the state has no ${label}`);
    await this.host.handlers(state.kind).delete(state.id, state.outs);
    this.resources.delete(label);
  }

  outputs(label: string): Bag {
    return this.resources.get(label)?.outs ?? {};
  }

  inputs(label: string): Bag {
    return this.resources.get(label)?.inputs ?? {};
  }

  private async check(
    program: readonly Declared[],
    { kind, label, inputs }: Declared,
    preview: boolean,
    handlers = this.host.handlers(kind),
  ): Promise<Bag> {
    const declarations = program.map((declared) => ({ unknown: [], ...declared }));
    const __program = JSON.stringify({ preview, hosts: [], complete: true, declarations });
    const olds = this.resources.get(label)?.inputs ?? {};
    const news = { ...given(inputs, label), __program };
    const { inputs: checked, failures = [] } = await handlers.check(olds, news);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    return checked;
  }
}

function differing(olds: Bag, news: Bag): readonly string[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...names].filter((name) => JSON.stringify(olds[name]) !== JSON.stringify(news[name]));
}

const stack = (facts: HostFacts = IDLE) => new Stack(new FakeHost(facts));

test("after a change that left the host as foretold, what else is declared there is not planned once more", async () => {
  const ends = jest.spyOn(ExpectedEnds.prototype, "get");
  await stack().up([ASSIGNABLE]);
  // By its check.
  expect(ends).toHaveBeenCalledTimes(1);
  ends.mockRestore();
});

describe("outputs are those at the end of the run", () => {
  test("of a device that is hidden, and whose host reboots in the same run", async () => {
    const dev = stack();
    const program = [HIDDEN, REBOOT];
    const end = { configured: true, active: true, pending: "none", functions: [{ active: true }] };
    expect(await dev.preview(program, "hidden")).toMatchObject(end);
    await dev.up(program);
    expect(dev.outputs("hidden")).toMatchObject(end);
    expect(dev.outputs("reboot")).toMatchObject({ bootId: dev.host.facts.machine.bootId, pending: "none" });
    expect(await dev.up(program)).toEqual({});
  });

  test("of a device that is hidden, and made assignable in the same run", async () => {
    const dev = stack();
    await dev.up([HIDDEN, ASSIGNABLE, REBOOT]);
    expect(dev.outputs("hidden")).toMatchObject({ active: true, pending: "none" });
    expect(dev.outputs("reboot")).toMatchObject({ bootId: IDLE.machine.bootId, pending: "none", waiting: [] });
    expect(await dev.up([HIDDEN, ASSIGNABLE, REBOOT])).toEqual({});
  });

  test("of a device that is hidden, and waits for a reboot that nobody declares", async () => {
    const dev = stack();
    await dev.up([HIDDEN]);
    expect(dev.outputs("hidden")).toMatchObject({ configured: true, active: false, pending: "host-reboot" });
    expect(await dev.up([HIDDEN])).toEqual({});
  });

  test("of a device that is assignable until the next boot, and is made so again after the reboot", async () => {
    const dev = stack();
    const other = { ...ASSIGNABLE, label: "other", inputs: { device: "01:00.1" } };
    await dev.up([other, HIDDEN, REBOOT]);
    expect(dev.host.facts.pciDevices.get(address("01:00.1"))?.driver).toBe("pciback");
    expect(dev.host.lines.join("\n")).toMatch(
      /the host is rebooted[\s\S]*0000:01:00\.1 is no longer bound to pciback: the host was rebooted/,
    );
    expect(dev.outputs("other")).toMatchObject({ active: true });
    expect(await dev.up([other, HIDDEN, REBOOT])).toEqual({});
  });
});

test("lists are known in the preview of a new resource, and stand once in the state", async () => {
  const dev = stack();
  expect(await dev.preview([HIDDEN], "hidden")).toHaveProperty("functions");
  await dev.up([HIDDEN]);
  expect(dev.inputs("hidden")).not.toHaveProperty("functions");
  expect(dev.outputs("hidden")).toHaveProperty("functions");
});

test("lists are known in each preview in which a declaration waits, perhaps for one of them", async () => {
  const dev = stack();
  await dev.up([HIDDEN]);
  expect(await dev.preview([HIDDEN], "hidden")).not.toHaveProperty("functions");
  const waits = { kind: "VmPciAttachment", label: "waits", inputs: { vm: "pv1" }, unknown: ["device"] } as const;
  expect(await dev.preview([HIDDEN, waits], "hidden")).toHaveProperty("functions");
});

describe("where the host says otherwise than the state, the update names the output", () => {
  test("and nothing is done where nothing is to be done, and once", async () => {
    const dev = stack();
    await dev.up([HIDDEN]);
    dev.host.facts = afterReboot(dev.host.facts);
    const { facts } = dev.host;
    expect(await dev.up([HIDDEN])).toEqual({ hidden: ["active", "pending"] });
    expect(dev.host.facts).toEqual(facts);
    expect(dev.outputs("hidden")).toMatchObject({ active: true, pending: "none" });
    expect(await dev.up([HIDDEN])).toEqual({});
  });

  test("and what is put right is told as drift, and once", async () => {
    const dev = stack();
    await dev.up([ASSIGNABLE]);
    dev.host.facts = { ...dev.host.facts, pciDevices: LAB.pciDevices };
    expect(await dev.preview([ASSIGNABLE], "nic")).toMatchObject({ active: true, drift: { active: false } });
    expect(await dev.up([ASSIGNABLE])).toEqual({ nic: ["drift"] });
    expect(await dev.up([ASSIGNABLE])).toEqual({});
  });

  test("the boot of a host that somebody rebooted", async () => {
    const dev = stack();
    await dev.up([REBOOT]);
    dev.host.facts = afterReboot(dev.host.facts);
    expect(await dev.up([REBOOT])).toEqual({ reboot: ["bootId"] });
    expect(await dev.up([REBOOT])).toEqual({});
  });
});

test("the boot id after a reboot is not known before it", async () => {
  const dev = stack();
  expect(await dev.preview([HIDDEN, REBOOT], "reboot")).toMatchObject({
    bootId: UNKNOWN,
    pending: "none",
    waiting: [],
  });
  await dev.up([HIDDEN, REBOOT]);
  expect(await dev.preview([HIDDEN, REBOOT], "reboot")).toMatchObject({ bootId: dev.host.facts.machine.bootId });
});

describe("what is removed", () => {
  test("reboots the host at the end of the run, and preview says so", async () => {
    const dev = stack();
    await dev.up([HIDDEN, REBOOT]);
    dev.host.lines.splice(0);
    await dev.preview([REBOOT], "reboot");
    expect(dev.host.lines).toEqual([
      "xen1: 0000:01:00.0 is no longer hidden at boot\n  0000:01:00.0 stays on pciback until the host reboots",
      expect.stringMatching(
        /^xen1: the host is rebooted\n {2}because 0000:01:00\.0 stays on pciback until the next boot$/m,
      ),
    ]);
    dev.host.lines.splice(0);
    const before = dev.host.facts.machine.bootId;
    await dev.up([REBOOT]);
    expect(dev.host.facts.machine.bootId).toBe(before);
    await dev.remove("hidden");
    expect(dev.host.facts.machine.bootId).not.toBe(before);
    expect(dev.host.lines).toEqual([
      "xen1: 0000:01:00.0 is no longer hidden at boot\n  0000:01:00.0 stays on pciback until the host reboots",
      expect.stringMatching(
        /^xen1: the host is rebooted\n {2}because 0000:01:00\.0 stays on pciback until the next boot$/m,
      ),
    ]);
    // The engine had recorded the HostReboot before.
    expect(await dev.up([REBOOT])).toEqual({ reboot: ["bootId"] });
  });

  test("is one story where the device was assignable, too, whichever goes first", async () => {
    for (const order of [
      ["nic", "hidden"],
      ["hidden", "nic"],
    ]) {
      const dev = stack();
      await dev.up([HIDDEN, ASSIGNABLE]);
      dev.host.lines.splice(0);
      dev.host.run = new EngineRun(); // a destroy
      for (const label of order) await dev.remove(label);
      expect([...dev.host.lines].sort()).toEqual([
        expect.stringMatching(/^xen1: 0000:01:00\.0 goes back to e1000e \(Ethernet.*\)$/),
        "xen1: 0000:01:00.0 is no longer hidden at boot",
      ]);
    }
  });

  test("is one story where the device was hidden at boot before it was assignable, whichever goes first", async () => {
    const waits = "Hosts that wait for a reboot:\n  xen1: 0000:01:00.0 stays on pciback until the next boot";
    const stories: readonly (readonly [readonly string[], readonly string[]])[] = [
      [
        ["nic", "hidden"],
        [
          "xen1: 0000:01:00.0 stays on pciback, as it is hidden at boot",
          "xen1: 0000:01:00.0 is no longer hidden at boot\n  0000:01:00.0 stays on pciback until the host reboots",
          waits,
        ],
      ],
      [
        ["hidden", "nic"],
        [
          "xen1: 0000:01:00.0 is no longer hidden at boot",
          "xen1: 0000:01:00.0 stays on pciback until the host reboots",
          waits,
        ],
      ],
    ];
    for (const [order, told] of stories) {
      const dev = stack();
      await dev.up([HIDDEN]);
      dev.host.facts = afterReboot(dev.host.facts);
      dev.host.lines.splice(0);
      await dev.up([HIDDEN, ASSIGNABLE]);
      expect(dev.host.lines).toEqual([
        "xen1: 0000:01:00.0 is on pciback from boot on, as it is hidden: there is nothing to take\n  note: 0000:01:00.0 shares its slot with 0000:01:00.1 (driver e1000e).",
      ]);
      dev.host.lines.splice(0);
      dev.host.run = new EngineRun(); // a destroy
      for (const label of order) await dev.remove(label);
      expect(dev.host.lines).toEqual(told);
    }
  });

  test("does so once, when the last of it is gone", async () => {
    const dev = stack();
    const other = { ...HIDDEN, label: "other", inputs: { device: "01:00.1" } };
    await dev.up([HIDDEN, other, REBOOT]);
    const before = dev.host.facts.machine.bootId;
    await dev.up([REBOOT]);
    await dev.remove("hidden");
    expect(dev.host.facts.machine.bootId).toBe(before);
    await dev.remove("other");
    expect(dev.host.facts.machine.bootId).toBe(`after ${before}`);
  });

  test("is refused in preview while VMs run that the reboot would end", async () => {
    const dev = stack();
    await dev.up([HIDDEN, REBOOT]);
    const web1 = {
      id: 1,
      name: "web1",
      uuid: undefined,
      paused: false,
      startedForDevices: false,
      pciDevices: [],
      disks: [],
    };
    dev.host.facts = { ...dev.host.facts, domains: listed(web1) };
    await expect(dev.preview([REBOOT], "reboot")).rejects.toThrow(/VMs are running on it: web1/);
  });

  test("does not reboot where it is replaced, before the HostReboot has its turn", async () => {
    const dev = stack();
    await dev.up([HIDDEN, REBOOT]);
    const before = dev.host.facts.machine.bootId;
    dev.host.run = new EngineRun();
    await dev.remove("hidden");
    expect(dev.host.facts.machine.bootId).toBe(before);
  });
});

test("an update of a list alone has a line in preview, since the engine names no list", async () => {
  const dev = stack();
  await dev.up([ASSIGNABLE]);
  expect(await dev.previewUpdate(ASSIGNABLE)).toEqual([]);
  const nic = address("01:00.0");
  const device = dev.host.facts.pciDevices.get(nic);
  if (!device) throw new Error("the host has no such device");
  const renamed = { ...device, identity: { ...device.identity, label: "Ethernet controller: as a new pci.ids says" } };
  dev.host.facts = { ...dev.host.facts, pciDevices: new Map(dev.host.facts.pciDevices).set(nic, renamed) };
  expect(await dev.previewUpdate(ASSIGNABLE)).toEqual([
    "xen1: only the state changes, to what the host says now: functions",
  ]);
});
