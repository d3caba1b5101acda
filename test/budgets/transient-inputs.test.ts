import * as pulumi from "@pulumi/pulumi";
import { AssignableDevice } from "../../sdk";

const told: string[] = [];

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      told.push(inputs.__program);
      return { id: `${name}-id`, state: inputs };
    },
    call: () => ({}),
  }),
);

/** The bytes of `__program` in all resources of a program with four devices a host. */
async function bytesFor(hosts: number): Promise<number> {
  told.length = 0;
  const resources = Array.from({ length: hosts * 4 }, (_, index) => {
    const hostNumber = Math.floor(index / 4);
    const host = {
      address: `xen${1000 + hostNumber}.${hosts}.example.com`,
      user: "root",
      hostKey: `SHA256:${"x".repeat(43)}`,
    };
    return new AssignableDevice(`nic${index}`, { host, device: `01:00.${index % 4}` });
  });
  await Promise.all(resources.map(({ urn }) => new Promise((done) => urn.apply(done))));
  expect(told).toHaveLength(hosts * 4);
  return told.reduce((sum, text) => sum + text.length, 0);
}

test("what the resources of a program tell the provider grows with their number, not with hosts × resources", async () => {
  const few = await bytesFor(4);
  const many = await bytesFor(16);
  expect(few / 16).toBeLessThan(600);
  expect(many / few).toBeLessThan(4.4);
});
