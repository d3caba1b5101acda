import { join } from "node:path";
import { devicesCommand } from "../../cli/devices";
import { doctorCommand } from "../../cli/doctor";
import { mapCommand } from "../../cli/map";
import { PROFILE_NAMES } from "../../simulator";
import { expectCommandsToWork } from "../contract/commands";
import { onSimulatedHost, runCommand } from "./command-run";
import { expectGolden } from "./golden";

/** What the commands that only read print for each kind of host, as files to read. UPDATE_GOLDEN=1 writes them anew. */
test.each(PROFILE_NAMES)("%s", async (profile) => {
  await onSimulatedHost(profile, async ([address = "", ...login]) => {
    const devices = join(__dirname, "devices", `${profile}.txt`);
    expectGolden(devices, (await runCommand(devicesCommand(), address, ...login)).stdout);
    const doctor = join(__dirname, "doctor", `${profile}.txt`);
    expectGolden(doctor, (await runCommand(doctorCommand(), address, ...login)).stdout);
    const map = join(__dirname, "map", `${profile}.txt`);
    expectGolden(map, (await runCommand(mapCommand(), address, ...login)).stdout);
  });
});

test("at 80 columns every line of a terminal is whole", async () => {
  const { columns } = process.stdout;
  process.stdout.columns = 80;
  try {
    await onSimulatedHost("pciback-conf", async (login) => {
      const devices = (await runCommand(devicesCommand(), ...login)).stdout;
      const doctor = (await runCommand(doctorCommand(), ...login)).stdout;
      expectGolden(join(__dirname, "devices", "pciback-conf.80.txt"), devices);
      expectGolden(join(__dirname, "doctor", "pciback-conf.80.txt"), doctor);
      expect(`${devices}${doctor}`.split("\n").filter((line) => line.length > 80)).toEqual([]);
    });
  } finally {
    process.stdout.columns = columns;
  }
});

test("a host of which a stack is gone, as on the real hosts of the lab", async () => {
  await onSimulatedHost("debian-kvm", (_, host) => expectCommandsToWork(host));
});

test("--json has the evidence of each guard, and --all the bridges", async () => {
  const { stdout } = await onSimulatedHost("debian-kvm", (login) =>
    runCommand(devicesCommand(), ...login, "--json", "--all"),
  );
  const reports: unknown = JSON.parse(stdout);
  expect(reports).toContainEqual(
    expect.objectContaining({
      address: "0000:00:03.0",
      uses: ["mgmt0 (10.0.2.15, fec0::5054:ff:fe12:3456)", "the SSH session"],
      refusals: [{ guard: "ssh-route", message: expect.stringContaining("the host would become unreachable") }],
    }),
  );
  expect(reports).toContainEqual(expect.objectContaining({ class: "060400", refusals: [expect.anything()] }));
});

test("bad input is refused before any connection, naming the property", async () => {
  await expect(runCommand(devicesCommand(), "xen1", "--host-key", "1234")).rejects.toThrow(
    'Unable to ask the host: hostKey must be a fingerprint as "ssh-keygen -l" prints it: SHA256:…',
  );
});
