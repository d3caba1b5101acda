import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";

const PASSWORD = "pass-word-that-must-not-show";
const PASSPHRASE = "pass-phrase-that-must-not-show";

let host: SimulatedHost;
beforeAll(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl", password: PASSWORD });
});
afterAll(() => host.stop());

/** Ways in which a program may give its host. */
const FORMS = [
  { how: "as plain values", host: "hostArgs", device: "01:00.0" },
  { how: "as an Output of all of them", host: "pulumi.output(hostArgs)", device: "01:00.1" },
  {
    how: "with secrets of the program's own",
    host: "{ ...hostArgs, password: pulumi.secret(hostArgs.password) }",
    device: "03:00.0",
  },
];

test("a password and a passphrase are in no state, no output and no log in clear, however they are given", async () => {
  const { address, port, user, hostKey } = host;
  const hostArgs = JSON.stringify({ address, port, user, hostKey, password: PASSWORD, passphrase: PASSPHRASE });
  const resources = FORMS.map(
    (form) => `new pci.AssignableDevice("${form.how}", { host: ${form.host}, device: "${form.device}" });`,
  );
  const project = await PulumiProject.create({
    kind: "text",
    text: `
const pulumi = require("@pulumi/pulumi");
const pci = require("pulumi-pci-passthrough");
const hostArgs = ${hostArgs};
${resources.join("\n")}
`,
  });
  try {
    const preview = await project.preview({ args: ["--diff"] });
    const up = await project.up();
    expect(up.output).toContain("+ 4 created");
    const { resources } = await project.stackExport();
    const devices = resources.filter((one) => one.urn.includes("AssignableDevice"));
    expect(devices).toHaveLength(FORMS.length);
    for (const device of devices) expect(device.inputs).not.toHaveProperty("__program");
    for (const secret of [PASSWORD, PASSPHRASE]) {
      expect(JSON.stringify(resources)).not.toContain(secret);
      expect(preview.output).not.toContain(secret);
      expect(up.output).not.toContain(secret);
    }
    // The state alone must be enough to log in again.
    const destroy = await project.destroy();
    expect(destroy.output).toContain("- 4 deleted");
  } finally {
    await project.dispose();
  }
}, 600_000);

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
