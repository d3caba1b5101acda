import * as pulumi from "@pulumi/pulumi";
import * as pci from "../../sdk";

const told: unknown[] = [];

beforeEach(() => {
  told.length = 0;
  pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      told.push(inputs.__program);
      return { id: `${name}-id`, state: inputs };
    },
    call: () => ({}),
  });
});

/** Whether what each of these resources tells of the program is marked as a secret. */
async function areSecret(...resources: readonly pulumi.Resource[]): Promise<readonly boolean[]> {
  await Promise.all(resources.map(({ urn }) => new Promise((done) => urn.apply(done))));
  return told.map((text) => pulumi.runtime.isRpcSecret(text));
}

const host = { address: "xen1.example.com" };
const declare = (name: string, args: pci.AssignableDeviceArgs) => new pci.AssignableDevice(name, args);

// The declarations of all tests here are one program: that without secrets comes first.
test("what a resource tells of a program without secrets is none", async () => {
  expect(await areSecret(declare("nic", { host, device: "01:00.0" }))).toEqual([false]);
});

test("what each resource tells is a secret where an input is an output, or a host has a password", async () => {
  const device = pulumi.secret("02:00.0");
  const resources = [declare("disk", { host, device }), declare("gpu", { host, device: "03:00.0" })];
  expect(await areSecret(...resources)).toEqual([true, true]);
  expect(await areSecret(declare("usb", { host: { ...host, password: "hunter2" }, device: "04:00.0" }))).toContain(
    true,
  );
});
