import { importCommand } from "../../cli/import";
import { Deployment } from "../contract/deployment";
import { onSimulatedHost, runCommand } from "./command-run";

test("a program declares what was made by hand, in each language, and nothing that a stack manages", async () => {
  await onSimulatedHost("debian-xl", async ([target = "", ...login], host) => {
    const program = async (language: string) =>
      (await runCommand(importCommand(), target, ...login, "--language", language)).stdout;
    await host.exec("modprobe xen-pciback && xl pci-assignable-add 0000:01:00.1");
    await new Deployment(host, "shop").create("AssignableDevice", { device: "0000:01:00.0" }, "nic");

    const typescript = await program("typescript");
    expect(typescript).toMatch(/^const host: pci\.HostArgs = \{ address: "127\.0\.0\.1", port: \d+, user: "root", /m);
    expect(typescript.split("\n").filter((line) => line.startsWith("new"))).toEqual([
      'new pci.AssignableDevice("assignable-01-00-1", { host, device: "0000:01:00.1" });',
      'new pci.VmPciAttachment("router-02-00-0", { host, device: "0000:02:00.0", vm: "router" });',
    ]);

    expect(await program("yaml")).toContain(`resources:
  assignable-01-00-1:
    type: pci-passthrough:AssignableDevice
    properties:
      host: "127.0.0.1"
      device: "0000:01:00.1"
    options:
      import: "127.0.0.1/0000:01:00.1"
`);

    const python = await program("python");
    expect(python).toMatch(/^# pulumi config set --path 'pci-passthrough:hosts\["127\.0\.0\.1"\]\.user' root$/m);
    expect(python).toContain(`pci.VmPciAttachment(
    "router-02-00-0",
    host=host,
    device="0000:02:00.0", vm="router",
    opts=pulumi.ResourceOptions(import_="127.0.0.1/0000:02:00.0/router"),
)`);
  });
});
