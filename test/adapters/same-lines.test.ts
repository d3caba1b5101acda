import type { ResourceKind } from "../../provider/claims/claim-key";
import type { Bag } from "../../provider/plan/kind";
import { EngineRun } from "../../provider/resources/engine-run";
import { LAB, listed } from "../plan/recorded-host";
import { FakeHost, given } from "../resources/fake-host";
import { type InState, PluginClient } from "./plugin/plugin-client";

interface Declared {
  readonly kind: ResourceKind;
  readonly label: string;
  readonly inputs: Bag;
  /** Whether it names those before it in `dependsOn`, so that the engine checks it when they are made. */
  readonly waits?: true;
}

const NIC = { device: "01:00.0" };
const HIDDEN: Declared = { kind: "HiddenPciDevice", label: "hidden", inputs: NIC };
const ASSIGNABLE: Declared = { kind: "AssignableDevice", label: "nic", inputs: NIC };
const ATTACHMENT: Declared = { kind: "VmPciAttachment", label: "nic-of-vm", inputs: { ...NIC, vm: "pv2" } };

const programs: readonly (readonly [string, readonly Declared[]])[] = [
  ["a device for a VM", [ASSIGNABLE, ATTACHMENT]],
  ["a device from boot to guest", [HIDDEN, ASSIGNABLE, ATTACHMENT]],
  [
    "a reboot for what is hidden",
    [HIDDEN, { kind: "HostReboot", label: "reboot", inputs: { allowRunningVms: true }, waits: true }],
  ],
  [
    "virtual functions, and the IOMMU",
    [
      { kind: "SriovVirtualFunctions", label: "functions", inputs: { device: "03:00.0", count: 2 } },
      { kind: "IommuBootParameters", label: "iommu", inputs: {} },
    ],
  ],
  ["a device that a guard keeps", [{ kind: "AssignableDevice", label: "root", inputs: { device: "00:02.0" } }]],
];

const fakeHost = () => new FakeHost({ ...LAB, domains: listed() });
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What the dynamic provider says in preview, up and destroy. */
async function saidByDynamic(program: readonly Declared[]): Promise<readonly string[]> {
  const host = fakeHost();
  const declarations = program.map((declared) => ({ ...declared, unknown: [] }));
  const check = async ({ kind, label, inputs }: Declared, preview: boolean) => {
    const __program = JSON.stringify({ preview, hosts: [], complete: true, declarations });
    const { inputs: checked, failures = [] } = await host
      .handlers(kind)
      .check({}, { ...given(inputs, label), __program });
    for (const { reason } of failures) host.lines.push(reason);
    return failures.length > 0 ? undefined : checked;
  };
  for (const declared of program) if (!(await check(declared, true))) return host.lines;
  host.run = new EngineRun();
  const state: { kind: ResourceKind; id: string; outs: Bag }[] = [];
  for (const declared of program) {
    const inputs = await check(declared, false);
    const { id, outs } = await host.handlers(declared.kind).create(inputs ?? {});
    state.unshift({ kind: declared.kind, id, outs: outs as Bag });
  }
  host.run = new EngineRun();
  for (const { kind, id, outs } of state) await host.handlers(kind).delete(id, outs);
  return host.lines;
}

/** What the plugin says in the same runs, each with processes of its own. */
async function saidByPlugin(program: readonly Declared[]): Promise<readonly string[]> {
  const host = fakeHost();
  const lines: string[] = [];
  const run = async (work: (plugin: PluginClient) => Promise<void>) => {
    const plugin = await new PluginClient(host).start();
    await work(plugin).finally(() => {
      lines.push(...plugin.lines.map(([, line]) => line));
      plugin.stop();
    });
  };
  const withHost = (inputs: Bag) => ({ host: { address: "xen1" }, ...inputs });
  const state: (InState & Declared)[] = [];
  try {
    await run(async (plugin) => {
      for (const { kind, label, inputs, waits } of program)
        if (!waits) await plugin.check(kind, withHost(inputs), label);
      for (const { kind, label, inputs } of program)
        await plugin.create(kind, withHost(inputs), { preview: true, name: label });
    });
  } catch (error) {
    return [...lines, messageOf(error)];
  }
  await run(async (plugin) => {
    for (const { kind, label, inputs } of program) await plugin.check(kind, withHost(inputs), label);
    for (const { kind, label, inputs } of program)
      state.unshift({ ...(await plugin.create(kind, withHost(inputs), { name: label })), kind, label, inputs });
  });
  await run(async (plugin) => {
    for (const { kind, label, ...resource } of state) await plugin.delete(kind, resource, label);
  });
  return lines;
}

test.each(programs)("both adapters say the same of %s", async (_, program) => {
  const said = await saidByDynamic(program);
  expect(said.length).toBeGreaterThan(0);
  expect(await saidByPlugin(program)).toEqual(said);
});
