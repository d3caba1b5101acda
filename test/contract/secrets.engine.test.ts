import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";

const PASSWORD = "pass-word-that-must-not-show";
const PASSPHRASE = "pass-phrase-that-must-not-show";

let host: SimulatedHost;
beforeAll(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl", password: PASSWORD });
});
afterAll(() => host.stop());

const forms: readonly [string, string][] = [
  ["plain values", "hostArgs"],
  ["an Output of all of them", "pulumi.output(hostArgs)"],
  ["secrets of the program's own", "{ ...hostArgs, password: pulumi.secret(hostArgs.password) }"],
];
for (const [how, expression] of forms) {
  test(`a password and a passphrase given as ${how} are in no state, no output and no log in clear`, async () => {
    const { address, port, user, hostKey } = host;
    const hostArgs = JSON.stringify({ address, port, user, hostKey, password: PASSWORD, passphrase: PASSPHRASE });
    const project = await PulumiProject.create({
      kind: "text",
      text: `
const pulumi = require("@pulumi/pulumi");
const pci = require("pulumi-pci-passthrough");
const hostArgs = ${hostArgs};
new pci.AssignableDevice("nic", { host: ${expression}, device: "01:00.0" });
`,
    });
    try {
      const preview = await project.preview({ args: ["--diff"] });
      const up = await project.up();
      expect(up.output).toContain("+ 2 created");
      const state = JSON.stringify(await project.stackExport());
      const nic = (await project.stackExport()).resources.find((one) => one.urn.endsWith("::nic"));
      expect(nic?.inputs).not.toHaveProperty("__program");
      for (const secret of [PASSWORD, PASSPHRASE]) {
        expect(state).not.toContain(secret);
        expect(preview.output).not.toContain(secret);
        expect(up.output).not.toContain(secret);
      }
      // The state alone must be enough to log in again.
      const destroy = await project.destroy();
      expect(destroy.output).toContain("- 2 deleted");
    } finally {
      await project.dispose();
    }
  }, 120_000);
}

const refusals: readonly [string, string][] = [
  ["the host has another key", `{ ...hostArgs, hostKey: "SHA256:${"A".repeat(43)}" }`],
  ["an input of the host is unknown", "{ ...hostArgs, hostname: 'xen1' }"],
];
test.each(refusals)(
  "a preview that is refused because %s shows neither",
  async (_, expression) => {
    const { address, port, user, hostKey } = host;
    const hostArgs = JSON.stringify({ address, port, user, hostKey, password: PASSWORD, passphrase: PASSPHRASE });
    const text = `
const pci = require("pulumi-pci-passthrough");
const hostArgs = ${hostArgs};
new pci.AssignableDevice("nic", { host: ${expression}, device: "01:00.0" });
`;
    const project = await PulumiProject.create({ kind: "text", text });
    try {
      const { exitCode, output } = await project.preview();
      expect(exitCode).not.toBe(0);
      expect(output).toContain("has a problem");
      for (const secret of [PASSWORD, PASSPHRASE]) expect(output).not.toContain(secret);
    } finally {
      await project.dispose();
    }
  },
  120_000,
);
