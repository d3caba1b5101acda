import { connectionPool } from "../../provider/host/connection-pool";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { Deployment } from "./deployment";
import { driverOf, output, snapshot } from "./test-host";

const NIC = "0000:01:00.0";

let host: SimulatedHost;
let untouched: string;
beforeEach(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  untouched = await snapshot(host);
});
afterEach(async () => {
  await connectionPool.closeAll();
  await host.stop();
});

const failing: readonly [string, () => void, RegExp][] = [
  [
    "xl refuses to make the device assignable",
    () =>
      host.failAt({ command: "xl pci-assignable-add", stderr: "libxl: error: failed to quarantine\n", exitCode: 1 }),
    /^Unable to make 0000:01:00\.0 assignable on 127\.0\.0\.1: could not move 0000:01:00\.0 from e1000e to pciback\. The host said: [\s\S]*failed to quarantine[\s\S]*All steps were undone/,
  ],
  [
    "pciback cannot be loaded",
    () => host.failAt({ command: "modprobe", stderr: "modprobe: FATAL: Module xen-pciback not found\n", exitCode: 1 }),
    /could not load xen-pciback\.[\s\S]*Module xen-pciback not found/,
  ],
  [
    "the file system of the host is read-only",
    () => host.failAt({ writesUnder: "/var/lib", error: "EROFS" }),
    /^Unable to make 0000:01:00\.0 assignable on 127\.0\.0\.1: the host could not start the script, and said: .*Read-only file system[\s\S]*Nothing was changed/,
  ],
];
test.each(failing)("%s: a clear error, and the host as it was", async (_, fail, message) => {
  fail();
  await expect(new Deployment(host).create("AssignableDevice", { device: NIC })).rejects.toThrow(message);
  host.heal();
  expect(await snapshot(host)).toBe(untouched);
});

test("a device that another VM has is refused, with the name of that VM", async () => {
  const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
  await host.exec(`xl create /etc/xen/web1.cfg 'pci=["${NIC}"]'`);
  await expect(new Deployment(host).delete(nic)).rejects.toThrow(/the VM "web1" \(domain \d+\) has 0000:01:00\.0 now/);
  expect(await driverOf(host, NIC)).toBe("pciback");
});

const hanging: readonly [string, string, string, string, RegExp][] = [
  ["xl", "debian-xl", "xl list", "web1", /"xl list" did not answer, so the running VMs are unknown/],
  [
    "xenstore-ls",
    "xl-4.2",
    "xenstore-ls",
    "guest",
    /"xenstore-ls" did not answer, so it is not known what the running VMs have/,
  ],
  ["xm", "rhel5-xen", "xm list", "NGTest", /"xm list" fails there/],
];
test.each(hanging)("%s hangs: no VM gets a device, since it may run", async (_, profile, hang, vm, message) => {
  const stuck = await startSimulatedHost({ name: "stuck", profile });
  try {
    // What VMs have is asked only where one runs.
    if (hang === "xenstore-ls") await output(stuck, `xl create /etc/xen/${vm}.cfg`);
    stuck.failAt({ hang });
    await expect(new Deployment(stuck).create("VmPciAttachment", { device: "01:00.0", vm })).rejects.toThrow(message);
    expect(await stuck.exec("ls /var/lib/pulumi-pci-passthrough")).toMatchObject({ exitCode: 2, stdout: "" });
  } finally {
    await stuck.stop();
  }
});

test("where xl list fails, what the host's own driver serves can still be made assignable, and stays so", async () => {
  host.failAt({ command: "xl list", stderr: "tpp.c:82: Fatal error\n", exitCode: 134 });
  const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
  expect(await driverOf(host, NIC)).toBe("pciback");
  await expect(new Deployment(host).delete(nic)).rejects.toThrow(
    /a running VM may have 0000:01:00\.0: "xl list" failed three times/,
  );
  expect(await driverOf(host, NIC)).toBe("pciback");
  host.heal();
  await new Deployment(host).delete(nic);
  expect(await snapshot(host)).toBe(untouched);
});

test("an xl that hangs in a step is ended, and the step is undone", async () => {
  host.failAt({ hang: "xl pci-assignable-add" });
  await expect(new Deployment(host).create("AssignableDevice", { device: NIC })).rejects.toThrow(
    /could not move 0000:01:00\.0 from e1000e to pciback[\s\S]*All steps were undone/,
  );
  host.heal();
  expect(await snapshot(host)).toBe(untouched);
});

test("a connection that is cut in the middle loses nothing: the host ends its work, and the result is fetched", async () => {
  host.failAt({ cutConnectionDuring: "xl pci-assignable-add", times: 1 });
  const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
  expect(nic.outs).toMatchObject({ active: true });
  expect(await driverOf(host, NIC)).toBe("pciback");
});

test("changes that wait for a host at the same time are one script there, confirmed once", async () => {
  const deployment = new Deployment(host);
  await deployment.check("AssignableDevice", { device: NIC });
  const before = host.stats.scripts;
  const devices = [NIC, "0000:01:00.1", "0000:02:00.0"];
  await Promise.all(devices.map((device) => deployment.create("AssignableDevice", { device }, device)));
  expect(host.stats.scripts - before).toBe(2);
  expect(host.stats.connections).toBe(2);
});

describe("bad input is refused before any connection, naming the property", () => {
  const inputs: readonly [string, Record<string, unknown>, string, RegExp][] = [
    ["an address that is none", { device: "1:2:3:4" }, "device", /"1:2:3:4" must be a PCI address such as/],
    ["an unknown property", { device: NIC, devise: "x" }, "", /no property "devise": did you mean "device"/],
    [
      "a fingerprint of another kind",
      { device: NIC, host: { address: "xen1", hostKey: "MD5:aa" } },
      "host.hostKey",
      /SHA256/,
    ],
    [
      "a guard that cannot be overridden",
      { device: NIC, allow: ["claimed"] },
      "allow[0]",
      /"claimed" cannot be overridden/,
    ],
    [
      "an address with a space",
      { device: NIC, host: { address: "xen1 -oProxyCommand=x" } },
      "host.address",
      /without spaces/,
    ],
  ];
  test.each(inputs)("%s", async (_, given, property, reason) => {
    const { failures } = await new Deployment(host).check("AssignableDevice", given);
    expect(failures).toEqual([{ property, reason: expect.stringMatching(reason) }]);
    expect(host.stats.connections).toBe(0);
  });

  test.each([
    ["a VM name of two lines", { vm: "a\nb" }, "vm", "must be one line"],
    [
      "a quirk of three bytes",
      { vm: "web1", quirks: ["e0:3:0"] },
      "quirks[0]",
      'of 1, 2 or 4 bytes: "000000e0:2:00000000" (got "e0:3:0")',
    ],
  ])("%s", async (_, given, property, reason) => {
    const { failures } = await new Deployment(host).check("VmPciAttachment", { device: NIC, ...given });
    expect(failures).toEqual([{ property, reason: expect.stringContaining(reason) }]);
  });
});

describe("a host that cannot be logged in to", () => {
  const logins: readonly [string, (host: SimulatedHost) => Record<string, unknown>, RegExp][] = [
    ["has another key", ({ identityFile }) => ({ identityFile, hostKey: `SHA256:${"A".repeat(43)}` }), /SHA256:A/],
    ["has no key that is known", ({ identityFile }) => ({ identityFile }), /known_hosts/],
    ["rejects the password", ({ hostKey }) => ({ hostKey, password: "wrong" }), /root/],
  ];
  test.each(logins)("%s: preview fails and says so", async (_, login, reason) => {
    const { address, port, user } = host;
    const given = { device: NIC, host: { address, port, user, ...login(host) } };
    const { failures } = await new Deployment(host).check("AssignableDevice", given);
    expect(failures).toEqual([{ property: "", reason: expect.stringMatching(reason) }]);
  });

  test("does not answer: preview goes on with one warning, up fails", async () => {
    await host.stop();
    const preview = new Deployment(host);
    expect((await preview.check("AssignableDevice", { device: NIC })).failures).toEqual([]);
    expect((await preview.check("AssignableDevice", { device: "02:00.0" })).failures).toEqual([]);
    expect(preview.lines).toEqual([expect.stringMatching(/^warning: [\s\S]*were not checked for this host/)]);
    await expect(new Deployment(host).create("AssignableDevice", { device: NIC })).rejects.toThrow(/127\.0\.0\.1/);
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  });
});
