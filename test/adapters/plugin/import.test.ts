import type { ResourceKind } from "../../../provider/claims/claim-key";
import { LAB, listed } from "../../plan/recorded-host";
import { FakeHost } from "../../resources/fake-host";
import { PluginClient } from "./plugin-client";

const HOSTS = { xen1: { address: "192.0.2.1" } };

let host: FakeHost;
let plugin: PluginClient;

beforeEach(async () => {
  host = new FakeHost({ ...LAB, domains: listed() });
  plugin = await new PluginClient(host).start({ hosts: HOSTS });
});
afterEach(() => plugin.stop());

/** As if people had made it by hand. */
async function byHand(kind: ResourceKind, inputs: object): Promise<void> {
  await plugin.create(kind, { host: "xen1", ...inputs });
  host.facts = { ...host.facts, claims: [] };
}

const cases: readonly [ResourceKind, string, object, object][] = [
  ["AssignableDevice", "xen1/01:00.0", { device: "01:00.0" }, { device: "0000:01:00.0" }],
  ["HiddenPciDevice", "xen1/0000:01:00.0", { device: "01:00.0" }, { device: "0000:01:00.0" }],
  ["VmPciAttachment", "xen1/01:00.0/pv2", { device: "01:00.0", vm: "pv2" }, { device: "0000:01:00.0", vm: "pv2" }],
];

test.each(cases)("a %s that was made by hand is imported as it stands: %s", async (kind, id, made, inputs) => {
  await byHand(kind, made);
  const before = host.facts;
  const imported = await plugin.read(kind, id);
  expect(imported).toMatchObject({ id: expect.stringContaining(`/${kind}/`), inputs: { host: "xen1", ...inputs } });
  if (!imported) throw new Error("it is there");
  // What the import generates is the program: it changes nothing, now and after a refresh.
  expect(await plugin.diff(kind, imported, imported.inputs)).toMatchObject({ isChanged: false });
  expect(await plugin.read(kind, imported.id, imported)).toEqual(imported);
  // What was there before the stack is left alone by a destroy.
  await plugin.delete(kind, imported);
  expect(host.facts).toEqual(before);
});

test("a resource of this stack whose state was lost is what it was before, by either id", async () => {
  const made = await plugin.create("AssignableDevice", { host: "xen1", device: "01:00.0" });
  expect(await plugin.read("AssignableDevice", "xen1/01:00.0")).toEqual(made);
  expect(await plugin.read("AssignableDevice", made.id)).toEqual(made);
});

test("without a configuration the id has the address of the host", async () => {
  plugin.stop();
  plugin = await new PluginClient(host).start();
  await plugin.create("AssignableDevice", { host: "xen1", device: "01:00.0" });
  const imported = await plugin.read("AssignableDevice", "xen1/01:00.0");
  expect(imported?.inputs).toEqual({ host: { address: "xen1" }, device: "0000:01:00.0" });
});

describe("an import is refused", () => {
  test.each<[string, ResourceKind, string, RegExp]>([
    [
      "where the device is not there",
      "AssignableDevice",
      "xen1/07:00.0",
      /^Unable to import AssignableDevice 07:00\.0 on xen1: the host has no device 0000:07:00\.0/,
    ],
    [
      "where it is not so",
      "AssignableDevice",
      "xen1/01:00.0",
      /the host would have to change for it: .*is taken from the host driver e1000e/,
    ],
    ["of a bridge", "AssignableDevice", "xen1/00:1f.0", /bridge/],
    ["where the VM is not there", "VmPciAttachment", "xen1/01:00.0/nobody", /nobody/],
    [
      "of an id of another form",
      "VmPciAttachment",
      "xen1/01:00.0",
      /the id of an import is "xen1\/0000:04:00\.0\/web1"/,
    ],
    ["of what is no address", "AssignableDevice", "xen1/nic", /"nic" must be a PCI address/],
  ])("%s", async (_, kind, id, reason) => {
    await expect(plugin.read(kind, id)).rejects.toThrow(reason);
  });

  test("where another stack manages it", async () => {
    await plugin.create("AssignableDevice", { host: "xen1", device: "01:00.0" });
    host.facts = {
      ...host.facts,
      claims: host.facts.claims.map((keyed) =>
        "claim" in keyed ? { ...keyed, claim: { ...keyed.claim, stack: "prod", token: "theirs" } } : keyed,
      ),
    };
    await expect(plugin.read("AssignableDevice", "xen1/01:00.0")).rejects.toThrow(
      'the stack "prod" of the project "test" manages it',
    );
  });
});
