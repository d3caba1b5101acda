import { createHosts } from "../../provider/resources/hosts";

test("a host is called by its name, else by its address; equal logins are one host", () => {
  const hosts = createHosts();
  const first = hosts({ address: "192.0.2.1", port: 2201, name: "xen1" });
  expect(first.name).toBe("xen1");
  expect(hosts({ address: "192.0.2.1", port: 2202 }).name).toBe("192.0.2.1");
  expect(hosts({ address: "192.0.2.1", port: 2201, strict: true })).toBe(first);
});
