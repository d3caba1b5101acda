import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { devicesCommand } from "../../cli/devices";
import { PROFILE_NAMES, type SimulatedHost, startSimulatedHost } from "../../simulator";

/** What `devices` prints for each kind of host, as files to read. UPDATE_GOLDEN=1 writes them anew. */
const GOLDEN = join(__dirname, "devices");

let printed: string;
beforeEach(() => {
  printed = "";
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

async function devices(...args: readonly string[]): Promise<string> {
  await devicesCommand().exitOverride().parseAsync(args, { from: "user" });
  return printed;
}

async function onHost<T>(profile: string, use: (login: readonly string[]) => Promise<T>): Promise<T> {
  const host: SimulatedHost = await startSimulatedHost({ name: "xen1", profile });
  const { user, address, port, identityFile, hostKey } = host;
  const login = [`${user}@${address}`, "-p", `${port}`, "-i", identityFile, "--host-key", hostKey];
  return use(login).finally(() => host.stop());
}

test.each(PROFILE_NAMES)("%s", async (profile) => {
  const table = await onHost(profile, (login) => devices(...login));
  const file = join(GOLDEN, `${profile}.txt`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, table);
  expect(table).toBe(readFileSync(file, "utf8"));
});

test("--json has the evidence of each guard, and --all the bridges", async () => {
  const json = await onHost("debian-kvm", (login) => devices(...login, "--json", "--all"));
  const reports: unknown = JSON.parse(json);
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
  await expect(devices("xen1", "--host-key", "1234")).rejects.toThrow(/must be a fingerprint.*\n.*hostKey/);
});
