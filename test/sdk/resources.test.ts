import * as pulumi from "@pulumi/pulumi";
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

// States that were written years ago hold these texts: whoever changes one breaks them all.
const texts: readonly [string, () => pulumi.CustomResource, string, string][] = [
  [
    "HiddenPciDevice",
    () => new pci.HiddenPciDevice("hidden", { host, device }),
    "pulumi-nodejs:dynamic/pci-passthrough:HiddenPciDevice",
    'exports.handler = () => require("pulumi-pci-passthrough/provider").HiddenPciDevice;',
  ],
  [
    "AssignableDevice",
    () => new pci.AssignableDevice("assignable", { host, device }),
    "pulumi-nodejs:dynamic/pci-passthrough:AssignableDevice",
    'exports.handler = () => require("pulumi-pci-passthrough/provider").AssignableDevice;',
  ],
  [
    "VmPciAttachment",
    () => new pci.VmPciAttachment("attachment", { host, device, vm: "web1" }),
    "pulumi-nodejs:dynamic/pci-passthrough:VmPciAttachment",
    'exports.handler = () => require("pulumi-pci-passthrough/provider").VmPciAttachment;',
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

test("the program is told with the first of its resources: hosts, and declarations on the same host", async () => {
  const other = new pci.AssignableDevice("of-another-host", { host: { address: "xen2.example.com" }, device });
  const resource = await register(() => new pci.AssignableDevice("told", { host, device: "05:00.0" }));
  const program = resource.inputs.__program as { value: unknown }; // secret: hosts may hold passwords
  expect(program.value).toMatchObject({
    preview: false,
    hosts: expect.arrayContaining([{ address: "xen1.example.com", user: "root" }, { address: "xen2.example.com" }]),
    declarations: expect.arrayContaining([{ kind: "AssignableDevice", label: "told", device: "05:00.0" }]),
  });
  expect(JSON.stringify(program.value)).not.toContain("of-another-host");
  expect(other).toBeDefined();
});

test("a host that waits for another resource holds nothing up", async () => {
  const never = pulumi.output(new Promise<string>(() => {}));
  new pci.AssignableDevice("waits", { host: { address: never }, device });
  const resource = await register(() => new pci.AssignableDevice("does-not-wait", { host, device: "06:00.0" }));
  expect(resource.name).toBe("does-not-wait");
});
