import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { splitProgram } from "../../provider/adapters/dynamic/transient-program";
import * as pci from "../../sdk";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}
const registered: Registered[] = [];

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs });
      return { id: `${name}-id`, state: inputs };
    },
    call: () => ({}),
  }),
);

async function register(declare: () => pulumi.CustomResource): Promise<Registered> {
  const { urn } = declare();
  await new Promise((done) => urn.apply(done));
  const last = registered.at(-1);
  if (!last) throw new Error("nothing was registered");
  return last;
}

const host = { address: "xen1.example.com", user: "root" };
const device = "04:00.0";

// States that were written years ago hold these texts: a changed text breaks them all.
const texts: readonly [string, () => pulumi.CustomResource, string, string][] = [
  [
    "HiddenPciDevice",
    () => new pci.HiddenPciDevice("hidden", { host, device }),
    "pulumi-nodejs:dynamic/pci-passthrough:HiddenPciDevice",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').HiddenPciDevice",
  ],
  [
    "AssignableDevice",
    () => new pci.AssignableDevice("assignable", { host, device }),
    "pulumi-nodejs:dynamic/pci-passthrough:AssignableDevice",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').AssignableDevice",
  ],
  [
    "VmPciAttachment",
    () => new pci.VmPciAttachment("attachment", { host, device, vm: "web1" }),
    "pulumi-nodejs:dynamic/pci-passthrough:VmPciAttachment",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').VmPciAttachment",
  ],
  [
    "SriovVirtualFunctions",
    () => new pci.SriovVirtualFunctions("functions", { host, device, count: 2 }),
    "pulumi-nodejs:dynamic/pci-passthrough:SriovVirtualFunctions",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').SriovVirtualFunctions",
  ],
  [
    "IommuBootParameters",
    () => new pci.IommuBootParameters("iommu", { host }),
    "pulumi-nodejs:dynamic/pci-passthrough:IommuBootParameters",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').IommuBootParameters",
  ],
  [
    "HostReboot",
    () => new pci.HostReboot("reboot", { host, triggers: ["a"] }),
    "pulumi-nodejs:dynamic/pci-passthrough:HostReboot",
    "exports.handler=()=>require('pulumi-pci-passthrough/provider').HostReboot",
  ],
];
test.each(texts)("%s registers its type and its provider text, which never change", async (_, declare, type, text) => {
  const resource = await register(declare);
  expect(resource.type).toBe(type);
  expect(resource.inputs.__provider).toBe(text);
});

test("every name in a provider text is exported by the provider", () => {
  const provider: Record<string, unknown> = jest.requireActual("../../provider");
  for (const [kind] of texts) expect(provider[kind]).toHaveProperty("check");
});

/** What a resource tells the provider. */
function programIn(resource: Registered | undefined): Record<string, unknown> {
  const { resource: told, program } = splitProgram(pulumi.runtime.unwrapRpcSecret(resource?.inputs.__program));
  return { told, ...(JSON.parse(String(program)) as Record<string, unknown>) };
}

test("each resource carries the declarations on its own host, and the first that is registered all hosts", async () => {
  const waiting = new pci.AssignableDevice("waits", { host, device: "06:00.0" }, { dependsOn: [] });
  new pci.AssignableDevice("of-another-host", { host: { address: "xen2.example.com" }, device });
  new pci.AssignableDevice("told", { host, device: "05:00.0" });
  await register(() => waiting);
  const [first, second, third] = ["of-another-host", "told", "waits"].map((name) =>
    programIn(registered.find((each) => each.name === name)),
  );
  const known = [{ address: "xen1.example.com", user: "root" }, { address: "xen2.example.com" }];
  expect(first).toMatchObject({
    told: expect.stringMatching(/::::of-another-host$/),
    preview: false,
    hosts: expect.arrayContaining(known),
  });
  expect([second?.hosts, third?.hosts]).toEqual([undefined, undefined]);
  const told = { kind: "AssignableDevice", label: "told", inputs: { device: "05:00.0" }, unknown: [] };
  for (const program of [second, third]) expect(program?.declarations).toEqual(expect.arrayContaining([told]));
  expect(JSON.stringify(second)).not.toContain("of-another-host");
});

test("a declaration tells the inputs that are known, and the names of the others", async () => {
  new pci.HostReboot("reboot-of-told", { host: { address: "xen3.example.com" } });
  new pci.AssignableDevice("unknown-device", {
    host: { address: "xen3.example.com" },
    device: pulumi.output(new Promise<string>(() => {})),
    allow: ["iommu-group"],
  });
  const resource = await register(
    () => new pci.IommuBootParameters("iommu", { host: { address: "xen3.example.com" } }),
  );
  const { declarations } = programIn(resource);
  expect(declarations).toEqual([
    { kind: "HostReboot", label: "reboot-of-told", inputs: {}, unknown: [] },
    { kind: "AssignableDevice", label: "unknown-device", inputs: { allow: ["iommu-group"] }, unknown: ["device"] },
    { kind: "IommuBootParameters", label: "iommu", inputs: {}, unknown: [] },
  ]);
});

test("a device that a resource passes on is known before the resource is", async () => {
  const host = { address: "xen4.example.com" };
  const nic = new pci.AssignableDevice("passes-on", { host, device });
  const attachment = await register(() => new pci.VmPciAttachment("gets", { host, device: nic.device, vm: "web1" }));
  const { declarations } = programIn(attachment);
  expect(declarations).toMatchObject([{ inputs: { device } }, { inputs: { device, vm: "web1" }, unknown: [] }]);
});

test("an input that is known once its resource is registered is told to the others, too", async () => {
  const host = { address: "xen11.example.com" };
  const found = pulumi.output(new Promise<string>((done) => setTimeout(() => done(device), 50)));
  const { attachment } = new pci.PciPassthrough("card11", { host, device: found, vm: "web1" });
  await new Promise((done) => attachment.urn.apply(done));
  const { declarations } = programIn(registered.find(({ name }) => name === "card11-hidden"));
  expect(declarations).toMatchObject([
    { label: "card11-hidden", inputs: { device }, unknown: [] },
    { label: "card11-assignable", inputs: { device }, unknown: [] },
    { label: "card11-attachment", inputs: { device, vm: "web1" }, unknown: [] },
  ]);
});

describe("a HostReboot comes between what is declared before it and what is declared after it on its host", () => {
  /** The names of the resources in the order in which the engine gets to make them. */
  const made = async (declareAll: () => readonly pulumi.CustomResource[]) => {
    const before = registered.length;
    await Promise.all(declareAll().map(({ urn }) => new Promise((done) => urn.apply(done))));
    return registered.slice(before).flatMap(({ name, type }) => (type.includes("dynamic") ? [name] : []));
  };
  const late = (): pulumi.Output<string> =>
    pulumi.output(new Promise<string>((done) => setTimeout(() => done(device), 50)));

  test("those before are waited for, whatever they are children of, and those after wait", async () => {
    const host = { address: "xen5.example.com" };
    const order = await made(() => {
      const card = new pci.PciPassthrough("card5", { host, device: late(), vm: "web1" });
      const reboot = new pci.HostReboot("reboot5", { host: { ...host, user: "root" } }, { parent: card });
      const after = new pci.AssignableDevice("after5", { host, device }, { dependsOn: [] });
      return [card.attachment, reboot, after];
    });
    expect(order).toEqual(["card5-hidden", "card5-assignable", "card5-attachment", "reboot5", "after5"]);
  });

  test("those of other hosts are not", async () => {
    const onceRebooted = async () => {
      while (!registered.some(({ name }) => name === "reboot7")) await delay(5);
      return device;
    };
    const order = await made(() => [
      new pci.AssignableDevice("nic6", { host: { address: "xen6.example.com" }, device: onceRebooted() }),
      new pci.HostReboot("reboot7", { host: { address: "xen7.example.com" } }),
    ]);
    expect(order).toEqual(["reboot7", "nic6"]);
  });

  test("a host that another resource makes is the same where its address is the same output", async () => {
    const address = late();
    const order = await made(() => [
      new pci.AssignableDevice("nic8", { host: { address }, device: late() }),
      new pci.HostReboot("reboot8", { host: { address, user: "root" } }),
    ]);
    expect(order).toEqual(["nic8", "reboot8"]);
  });

  test("what the program itself makes a HostReboot wait for is waited for as well", async () => {
    const order = await made(() => {
      const elsewhere = new pci.AssignableDevice("nic9", { host: { address: "xen9.example.com" }, device: late() });
      return [elsewhere, new pci.HostReboot("reboot10", { host: { address: "xen10" } }, { dependsOn: elsewhere })];
    });
    expect(order).toEqual(["nic9", "reboot10"]);
  });
});

test.each<[string, unknown]>([
  ["no arguments", undefined],
  ["no host", { device }],
])("a program without types and with %s gets a message, and no stack trace", (_, args) => {
  const constructors = [...texts.map(([kind]) => kind), "PciPassthrough"];
  const classes = new Map<string, unknown>(Object.entries(pci));
  for (const kind of constructors) {
    const declare = () => Reflect.construct(classes.get(kind) as new () => unknown, ["nic", args]);
    expect(declare).toThrow(pulumi.RunError);
    expect(declare).toThrow(`Unable to declare the ${kind} "nic": \`host\` is missing`);
  }
});

describe("PciPassthrough", () => {
  const childrenOf = async (args: Partial<pci.PciPassthroughArgs>) => {
    const before = registered.length;
    const { urn } = new pci.PciPassthrough("card", { host, device, vm: "web1", ...args }).attachment;
    await new Promise((done) => urn.apply(done));
    return registered.slice(before).filter(({ type }) => type.includes("dynamic"));
  };
  const kindOf = ({ type }: Registered) => type.slice(type.lastIndexOf(":") + 1);

  test("is hidden, assignable and attached, each with the inputs of its kind", async () => {
    const children = await childrenOf({ driver: "pciback", mechanism: "grub", group: true, permissive: true });
    expect(children.map(({ name }) => name)).toEqual(["card-hidden", "card-assignable", "card-attachment"]);
    expect(children.map(kindOf)).toEqual(["HiddenPciDevice", "AssignableDevice", "VmPciAttachment"]);
    const [hidden, assignable, attachment] = children.map(({ inputs }) => inputs);
    expect(hidden).toMatchObject({ driver: "pciback", mechanism: "grub" });
    expect(hidden).not.toHaveProperty("group");
    expect(assignable).toMatchObject({ driver: "pciback", group: true });
    expect(assignable).not.toHaveProperty("permissive");
    expect(attachment).toMatchObject({ vm: "web1", permissive: true });
    expect(attachment).not.toHaveProperty("driver");
  });

  test("says what its attachment says", async () => {
    const card = new pci.PciPassthrough("card12", { host, device, vm: "web1" });
    await new Promise((done) => card.attachment.urn.apply(done));
    expect([card.functions, card.active, card.pending]).toEqual([
      card.attachment.functions,
      card.attachment.active,
      card.attachment.pending,
    ]);
  });

  test.each(["hide", "assign"])('a program without types that says %s: "no" gets a message', (argument) => {
    const args = { host, device, vm: "web1", [argument]: "no" };
    const declare = () => Reflect.construct(pci.PciPassthrough, ["card13", args]);
    expect(declare).toThrow(pulumi.RunError);
    expect(declare).toThrow(`PciPassthrough "card13": \`${argument}\` must be true or false, and it is "no"`);
  });

  test("leaves out what is switched off", async () => {
    expect((await childrenOf({ hide: false, assign: false })).map(kindOf)).toEqual(["VmPciAttachment"]);
  });
});

describe("a program without types that leaves the host out gets a message, and no trace", () => {
  const classes = [pci.AssignableDevice, pci.HiddenPciDevice, pci.VmPciAttachment, pci.HostReboot, pci.PciPassthrough];
  test.each(classes.map((declared) => [declared.name, declared] as const))("%s", (kind, declared) => {
    for (const args of [undefined, {}, { host: null }]) {
      const declare = () => Reflect.construct(declared, ["nic", args]);
      expect(declare).toThrow(pulumi.RunError);
      expect(declare).toThrow(
        `Unable to declare the ${kind} "nic": \`host\` is missing. Set it, such as { address: "xen1.example.com" }.`,
      );
    }
  });

  test.each([undefined, {}])("getPciDevices(%j)", async (args) => {
    const asked = Promise.resolve().then(() => Reflect.apply(pci.getPciDevices, undefined, [args]));
    await expect(asked).rejects.toThrow(pulumi.RunError);
    await expect(asked).rejects.toThrow("Unable to list PCI devices: host is missing.");
  });
});

test("a host that waits for another resource holds up no other resource", async () => {
  const never = pulumi.output(new Promise<string>(() => {}));
  new pci.AssignableDevice("waits", { host: { address: never }, device });
  const resource = await register(() => new pci.AssignableDevice("does-not-wait", { host, device: "06:00.0" }));
  expect(resource.name).toBe("does-not-wait");
});
