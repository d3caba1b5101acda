import { doctorCommand } from "../../cli/doctor";
import { Deployment } from "../contract/deployment";
import { onSimulatedHost, runCommand } from "./command-run";

test("says whose a device is, what waits for a reboot, what a reboot undid, and what was damaged", async () => {
  await onSimulatedHost("debian-xl", async (login, host) => {
    const doctor = () => runCommand(doctorCommand(), ...login);
    const device = "0000:01:00.0";
    await new Deployment(host, "shop").create("AssignableDevice", { device }, "nic");
    await new Deployment(host, "shop").create("HiddenPciDevice", { device: "0000:01:00.1" }, "other");
    const managed = await doctor();
    expect(managed.exitCode).toBe(0);
    expect(managed.stdout).toContain(
      `ok     claims        AssignableDevice ${device} of the stack "shop" of the project "contract" ("nic")`,
    );
    expect(managed.stdout).toContain(`release ${host.address} ${device}`);
    expect(managed.stdout).toContain("waits  reboot        0000:01:00.1 will be hidden from the next boot");

    await host.reboot();
    const rebooted = await doctor();
    expect(rebooted.exitCode).toBe(1);
    expect(rebooted.stdout).toContain(`wrong  drift         AssignableDevice ${device} of the stack "shop"`);
    expect(rebooted.stdout).not.toContain("waits");

    await host.exec("echo nonsense > /var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0");
    const damaged = await doctor();
    expect(damaged.stdout).toMatch(/^wrong {2}claims .*its claim on the host cannot be read \(it is not JSON\)/m);
  });
});

test("a host that cannot be logged in to is one check that went wrong, with what to do", async () => {
  const { stdout, exitCode } = await runCommand(doctorCommand(), "root@127.0.0.1", "-p", "1", "--json");
  expect(JSON.parse(stdout)).toEqual([
    {
      check: "login",
      verdict: "wrong",
      found: expect.stringMatching(/^Unable to (reach|log in to) 127\.0\.0\.1 port 1[^.]*: [^.]+$/),
      remedy: expect.stringMatching(/^(add a key to your ssh agent|check `port`)/),
    },
  ]);
  expect(exitCode).toBe(1);
});
