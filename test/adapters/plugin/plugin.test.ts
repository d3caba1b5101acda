import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { hostMeant } from "../../../provider/adapters/plugin/configuration";
import { ConnectionError } from "../../../provider/errors";
import { LAB, listed } from "../../plan/recorded-host";
import { FakeHost } from "../../resources/fake-host";
import { PluginClient, secret, UNKNOWN } from "./plugin-client";

const NIC = { host: { address: "xen1" }, device: "01:00.0" };

let host: FakeHost;
let plugin: PluginClient;

async function start(configuration = {}): Promise<PluginClient> {
  host = new FakeHost({ ...LAB, domains: listed() });
  plugin = await new PluginClient(host).start(configuration);
  return plugin;
}
beforeEach(() => start());
afterEach(() => plugin.stop());

describe("check", () => {
  test("gives the inputs as the state keeps them", async () => {
    expect(await plugin.check("AssignableDevice", NIC)).toEqual({
      inputs: { host: { address: "xen1" }, device: "0000:01:00.0" },
      failures: [],
    });
  });

  test("names everything that is wrong, each where it stands", async () => {
    const { failures } = await plugin.check("VmPciAttachment", {
      host: { address: "xen1", prot: 22 },
      device: "nonsense",
      expect: [{ id: "x" }],
      vslot: "three",
      devise: "01:00.0",
    });
    expect(failures).toEqual(
      expect.arrayContaining([
        ["", 'host: there is no property "prot": did you mean "port"?'],
        ["device", expect.stringContaining('"nonsense" must be a PCI address')],
        ["vm", "is missing"],
        ["vslot", "must be a number"],
        ["", 'there is no property "devise": did you mean "device"?'],
      ]),
    );
  });

  test.each(["host", "device", "expect", "allow", "driver", "group"])("an unknown %s stays unknown", async (name) => {
    const { inputs, failures } = await plugin.check("AssignableDevice", { ...NIC, [name]: UNKNOWN });
    expect([inputs[name], failures]).toEqual([UNKNOWN, []]);
  });

  test("keeps what is secret marked, and out of what it says", async () => {
    const { inputs } = await plugin.check("AssignableDevice", {
      ...NIC,
      host: { address: "xen1", password: secret("hunter2!") },
    });
    expect(inputs.host).toEqual({ address: "xen1", password: secret("hunter2!") });
    const { failures } = await plugin.check("AssignableDevice", { ...NIC, device: secret("hunter2!") });
    expect(failures).toEqual([["device", expect.stringContaining('"[secret]" must be a PCI address')]]);
  });
});

describe("the provider's configuration", () => {
  const hosts = { xen1: { address: "192.0.2.1" }, xen2: { address: "192.0.2.2" } };

  test("names hosts: the state keeps the name", async () => {
    plugin.stop();
    // The configuration of a stack arrives as JSON text.
    await start({ hosts: JSON.stringify(hosts), offline: "false", version: "0.1.0" });
    const made = await plugin.create("AssignableDevice", { ...NIC, host: "xen1" });
    expect(made.properties).toMatchObject({ host: "xen1", active: true });
    const { failures } = await plugin.check("AssignableDevice", { ...NIC, host: "xen3" });
    expect(failures).toEqual([["", 'host: the provider\'s configuration has no host "xen3": did you mean "xen1"?']]);
  });

  test("what is said of a host names it as the program does", () => {
    expect(hostMeant("xen1", { hosts, defaults: { user: "admin" } })).toEqual({
      name: "xen1",
      address: "192.0.2.1",
      user: "admin",
    });
  });

  test("offline asks no host in preview", async () => {
    plugin.stop();
    await start({ offline: true });
    host.unreachable(new ConnectionError("no-answer", "nobody should ask"));
    const { properties } = await plugin.create("AssignableDevice", NIC, { preview: true });
    expect(properties).toMatchObject({ device: "0000:01:00.0", active: UNKNOWN, functions: UNKNOWN });
  });

  test("strict fails where a host is not reached, in a preview and in a read", async () => {
    plugin.stop();
    await start({ strict: true });
    const made = await plugin.create("AssignableDevice", NIC);
    host.unreachable(new ConnectionError("no-answer", "Unable to reach xen1."));
    await expect(plugin.create("AssignableDevice", NIC, { preview: true })).rejects.toThrow("Unable to reach xen1.");
    await expect(plugin.read("AssignableDevice", made.id, made)).rejects.toThrow("Unable to reach xen1.");
  });
});

describe("a preview of what is new", () => {
  test("gives every output that the facts know, says what happens, and does nothing", async () => {
    const before = host.facts;
    const { id, properties } = await plugin.create("AssignableDevice", NIC, { preview: true });
    expect(id).toBe("");
    expect(properties).toMatchObject({
      device: "0000:01:00.0",
      functions: [{ address: "0000:01:00.0", identity: { id: "8086:10d3" }, active: true }],
      active: true,
      pending: "none",
      bootChange: UNKNOWN,
    });
    expect(plugin.lines).toEqual([["nic", expect.stringMatching(/^xen1: .*0000:01:00\.0/)]]);
    expect(host.facts).toBe(before);
  });

  test("refuses what a guard refuses, with all reasons", async () => {
    await expect(plugin.create("AssignableDevice", { ...NIC, device: "00:02.0" }, { preview: true })).rejects.toThrow(
      /^Unable to make 0000:00:02\.0 assignable on xen1: /,
    );
  });

  test("goes on without a host that is not reached, and says so at the resource", async () => {
    host.unreachable(new ConnectionError("no-answer", "Unable to reach xen1: it did not answer within 5 s."));
    const { properties } = await plugin.create("AssignableDevice", NIC, { preview: true });
    expect(properties).toMatchObject({ active: UNKNOWN });
    expect(plugin.lines).toEqual([["nic", expect.stringMatching(/^warning: Unable to reach xen1[\s\S]*not checked/)]]);
  });
});

describe("a resource", () => {
  test("is made, is as declared, is read back, and is given back", async () => {
    const before = host.facts;
    const made = await plugin.create("AssignableDevice", NIC);
    expect(made.id).toBe(`${LAB.machine.id}/AssignableDevice/0000:01:00.0`);
    expect(made.properties).toMatchObject({ host: { address: "xen1" }, active: true, __claim: expect.any(String) });
    expect(await plugin.read("AssignableDevice", made.id, made)).toEqual(made);
    expect(await plugin.diff("AssignableDevice", made, NIC)).toMatchObject({ isChanged: false });
    await plugin.delete("AssignableDevice", made);
    expect(host.facts).toEqual(before);
  });

  test("another device replaces it, named by its property; another login does nothing of that", async () => {
    const made = await plugin.create("AssignableDevice", NIC);
    expect(await plugin.diff("AssignableDevice", made, { ...NIC, device: "01:00.1" })).toEqual({
      isChanged: true,
      replaces: ["device"],
      detailed: { device: "UPDATE_REPLACE" },
    });
    expect(await plugin.diff("AssignableDevice", made, { ...NIC, host: { address: "xen1", user: "admin" } })).toEqual({
      isChanged: true,
      replaces: [],
      detailed: { "host.user": "ADD" },
    });
  });

  test("drift is named with what the host says, until it is put right", async () => {
    const made = await plugin.create("AssignableDevice", NIC);
    host.facts = { ...host.facts, pciDevices: LAB.pciDevices };
    const read = await plugin.read("AssignableDevice", made.id, made);
    expect(read?.inputs).toMatchObject({ drift: { active: false } });
    expect(read?.properties).toMatchObject({ active: false });
    if (!read) throw new Error("it is still there");
    // As after a refresh that was not followed by an up.
    expect(await plugin.read("AssignableDevice", made.id, read)).toEqual(read);
    expect(await plugin.diff("AssignableDevice", read, NIC)).toEqual({
      isChanged: true,
      replaces: [],
      detailed: { drift: "DELETE" },
    });
    expect((await plugin.update("AssignableDevice", read, NIC, { preview: true })).properties).toMatchObject({
      active: true,
    });
    const updated = await plugin.update("AssignableDevice", read, NIC);
    expect(updated.properties).toMatchObject({ active: true });
    expect(await plugin.diff("AssignableDevice", updated, NIC)).toMatchObject({ isChanged: false });
  });

  test("is gone when nothing is left of it", async () => {
    const made = await plugin.create("AssignableDevice", NIC);
    host.facts = { ...host.facts, pciDevices: LAB.pciDevices, claims: [] };
    expect(await plugin.read("AssignableDevice", made.id, made)).toBeUndefined();
  });

  test("whose host is not reached is what the state says, with a warning", async () => {
    const made = await plugin.create("AssignableDevice", NIC);
    plugin.lines.splice(0);
    host.unreachable(new ConnectionError("no-answer", "Unable to reach xen1."));
    expect(await plugin.read("AssignableDevice", made.id, made)).toEqual(made);
    expect(await plugin.diff("AssignableDevice", made, NIC)).toMatchObject({ isChanged: false });
    expect(plugin.lines).toEqual([["nic", expect.stringContaining("warning: Unable to reach xen1.")]]);
    await expect(plugin.delete("AssignableDevice", made)).rejects.toThrow("Unable to reach xen1.");
  });

  test("of the dynamic provider is taken over as it is", async () => {
    const handlers = host.handlers("AssignableDevice");
    const given = { ...NIC, __provider: "text", __resource: "dev::test::::nic" };
    const { inputs } = await handlers.check({}, given);
    const { id, outs } = await handlers.create(inputs);
    const before = host.facts;
    const state = { id, properties: { ...(outs as object), __provider: "text" }, inputs };
    expect(await plugin.diff("AssignableDevice", state, NIC)).toMatchObject({ isChanged: false });
    const read = await plugin.read("AssignableDevice", id, state);
    expect(read).toMatchObject({ id, inputs: { host: NIC.host, device: "0000:01:00.0" } });
    expect(host.facts).toBe(before);
  });
});

test("what lines call a host is no change", async () => {
  const made = await plugin.create("AssignableDevice", NIC);
  const named = { ...NIC, host: { address: "xen1", name: "first" } };
  expect(await plugin.diff("AssignableDevice", made, named)).toMatchObject({ isChanged: false });
});

test("a call that takes more than its customTimeouts ends", async () => {
  host.slow();
  await expect(plugin.create("AssignableDevice", NIC, { timeout: 0.05 })).rejects.toThrow(
    "it took more than the 0.05 s of customTimeouts. Nothing was changed",
  );
});

test("what is looked up by its id is read, and is what the host says", async () => {
  const made = await plugin.create("AssignableDevice", NIC);
  const found = await plugin.read("AssignableDevice", made.id, {
    id: made.id,
    properties: { host: NIC.host },
    inputs: {},
  });
  expect(found).toEqual(made);
});

test("a secret is in no error of a call", async () => {
  const login = { address: "xen1", password: secret("hunter2!") };
  host.unreachable(new ConnectionError("credentials-rejected", "Unable to log in with hunter2!"));
  await expect(plugin.create("AssignableDevice", { ...NIC, host: login }, { preview: true })).rejects.toThrow(
    "Unable to log in with [secret]",
  );
});

test("a cancellation ends what the host was not told of", async () => {
  host.slow();
  const created = expect(plugin.create("AssignableDevice", NIC)).rejects.toThrow("Nothing was changed");
  await plugin.check("AssignableDevice", NIC);
  await plugin.cancel();
  await created;
});

test("a cancellation ends a removal whose host is still read", async () => {
  const made = await plugin.create("AssignableDevice", NIC);
  host.slow();
  const deleted = expect(plugin.delete("AssignableDevice", made)).rejects.toThrow("the run was cancelled.");
  await plugin.check("AssignableDevice", NIC);
  await plugin.cancel();
  await deleted;
});

test("a cancellation ends getPciDevices", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  const connected = once(silent, "connection");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const asked = expect(
    plugin.getPciDevices({ host: { address: "127.0.0.1", port, user: "root", password: "none" } }),
  ).rejects.toThrow("the run was cancelled.");
  const [socket] = await connected;
  try {
    await plugin.cancel();
    await asked;
  } finally {
    socket.destroy();
    silent.close();
  }
});

test("after a cancellation nothing is begun", async () => {
  await plugin.cancel();
  await expect(plugin.create("AssignableDevice", NIC)).rejects.toThrow("the run was cancelled. Nothing was changed");
});

test("an unknown host or VM leaves what follows from it unknown", async () => {
  const inputs = { ...NIC, vm: UNKNOWN };
  const { properties } = await plugin.create("VmPciAttachment", inputs, { preview: true });
  expect(properties).toMatchObject({ vm: UNKNOWN, active: UNKNOWN, pending: UNKNOWN });
  expect(
    (await plugin.create("AssignableDevice", { ...NIC, host: UNKNOWN }, { preview: true })).properties,
  ).toMatchObject({
    host: UNKNOWN,
    functions: UNKNOWN,
  });
});
