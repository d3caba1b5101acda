import { existsSync } from "node:fs";
import type { Command } from "commander";
import { simulateCommand } from "../../cli/simulate";
import { login, run } from "../simulator/ssh-login";

let printed: string[];
let hints: string[];
beforeEach(() => {
  [printed, hints] = [[], []];
  jest.spyOn(process.stderr, "write").mockImplementation((text) => hints.push(String(text)) > 0);
  jest.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => jest.restoreAllMocks());

function quiet(): { command: Command; errors: string[] } {
  const errors: string[] = [];
  const command = simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr: (text) => errors.push(text) });
  return { command, errors };
}

test("serves hosts until a signal, and prints how to reach each and how to see what it has", async () => {
  const { command } = quiet();
  const served = command.parseAsync(["--host", "xen1=debian-xl", "--host", "xen2=debian-xl"], { from: "user" });
  while (printed.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const hosts = printed.map((line) => JSON.parse(line));
  expect(hosts).toEqual(
    ["xen1", "xen2"].map((name) => ({
      name,
      address: "127.0.0.1",
      port: expect.any(Number),
      user: "root",
      identityFile: expect.any(String),
      hostKey: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
    })),
  );
  expect(hints[1]).toMatch(
    /^What xen2 has: npx pulumi-pci-passthrough map root@127\.0\.0\.1 -p \d+ -i \S+ --host-key SHA256:\S+\n$/,
  );
  const client = await login(hosts[1]);
  expect((await run(client, "hostname")).stdout).toBe("xen2\n");
  client.end();
  process.emit("SIGTERM");
  await served;
  expect(hosts.filter((host) => existsSync(host.identityFile))).toEqual([]);
});

test.each([
  [["--host", "xen1=solaris"], 'Unknown profile "solaris". Known profiles: debian-xl'],
  [["--host", "xen1"], "Expected <name>=<profile>, such as xen1=debian-xl."],
  [["--host", "a=debian-xl", "--host", "a=debian-xl"], 'The host name "a" is given twice.'],
  [["--host", "a=debian-xl", "--latency", "soon"], "Expected a number of milliseconds."],
  [[], "required option '--host <name=profile>' not specified"],
])("%j is refused", async (args, message) => {
  const { command, errors } = quiet();
  await expect(command.parseAsync(args, { from: "user" })).rejects.toThrow();
  expect(errors.join("")).toContain(message);
});
