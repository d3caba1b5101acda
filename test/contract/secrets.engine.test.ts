import { execFileSync } from "node:child_process";
import fs from "node:fs";
import type { SimulatedHost } from "../../simulator";
import { makeKeyPair } from "../../simulator/key-pair";
import type { Profile } from "../../simulator/machine";
import { debianXl } from "../../simulator/profiles/debian-xl";
import { startHostOf } from "../../simulator/simulated-host";
import { PulumiProject } from "../engine/pulumi-project";
import { withPrograms } from "../simulator/wrapped-programs";

const PASSWORD = "pass-word-that-must-not-show";
const PASSPHRASE = "pass-phrase-that-must-not-show";
const DEBUG = ["--debug", "-v=9", "--logtostderr"];

/** What programs of the host were called with and read, and what was written to files there. */
const reached: string[] = [];
let host: SimulatedHost;
let privateKey: string;
let project: PulumiProject;
beforeAll(async () => {
  host = await startHostOf(watched(debianXl), { name: "xen1", password: PASSWORD });
  project = await PulumiProject.create({ kind: "text", text: "" });
  privateKey = locked(fs.readFileSync(host.identityFile, "utf8"));
}, 600_000);
afterAll(async () => {
  await project.dispose();
  await host.stop();
});

/** Ways in which a program may give its host. */
const FORMS = [
  { how: "plain", host: "hostArgs", device: "01:00.0" },
  { how: "output", host: "pulumi.output(hostArgs)", device: "01:00.1" },
  { how: "own-secret", host: "{ ...hostArgs, password: pulumi.secret(hostArgs.password) }", device: "03:00.0" },
];

test("a password, a passphrase and a private key show nowhere, however they are given, and reach no program or file of the host", async () => {
  project.setProgram(program(FORMS.map(({ how, host, device }) => assignable(how, host, device))));
  const preview = await project.preview({ args: ["--diff"], env: { PCI_PASSTHROUGH_SHOW_SCRIPTS: "1" } });
  expect(preview.output).toContain("Would run this on 127.0.0.1");
  const json = await project.preview({ args: ["--json"] });
  const up = await project.up({ args: DEBUG });
  expect(up.output).toContain("+ 4 created");
  const { resources } = await project.stackExport();
  const devices = resources.filter(({ urn }) => urn.includes("AssignableDevice"));
  expect(devices).toHaveLength(FORMS.length);
  for (const device of devices) expect(device.inputs).not.toHaveProperty("__program");
  const history = await project.run(["stack", "history", "--json"]);
  const shown = await project.run(["stack", "--show-ids", "--show-urns"]);
  const refresh = await project.refresh({ args: ["--diff"] });
  // The state alone must be enough to log in again.
  const destroy = await project.destroy({ args: DEBUG });
  expect(destroy.output).toContain("- 4 deleted");

  const runs = { preview, json, up, history, shown, refresh, destroy };
  for (const [name, run] of Object.entries(runs)) expect([name, secretsIn(run.output)]).toEqual([name, []]);
  expect(secretsIn(JSON.stringify(resources))).toEqual([]);
  const onHost = reached.join("\n");
  for (const part of ["xl pci-assignable-add 0000:01:00.0", "@apply begin", '"label":"own-secret"'])
    expect(onHost).toContain(part);
  expect(secretsIn(onHost)).toEqual([]);
}, 600_000);

const failures: readonly [string, string, string, RegExp][] = [
  ["the host has another key", `{ ...hostArgs, hostKey: "SHA256:${"A".repeat(43)}" }`, "01:00.0", /SHA256:A/],
  ["an input of the host is unknown", "{ ...hostArgs, hostname: 'xen1' }", "01:00.0", /hostname/],
  [
    "the password is wrong",
    "{ ...onlyPassword, password: onlyPassword.password + '1' }",
    "01:00.0",
    /rejected|refused/,
  ],
  ["the key is not let in", "{ ...onlyKey, ...otherKey }", "01:00.0", /rejected|refused/],
  ["the passphrase is wrong", "{ ...onlyKey, passphrase: onlyKey.passphrase + '1' }", "01:00.0", /passphrase/],
  ["the key is damaged", "{ ...onlyKey, privateKey: onlyKey.privateKey.slice(0, 200) }", "01:00.0", /privateKey/],
  ["the password is no text", "{ ...hostArgs, password: [hostArgs.password] }", "01:00.0", /password/],
  ["the host is down", "{ ...hostArgs, port: 1 }", "01:00.0", /port 1/],
  ["a guard refuses the device", "hostArgs", "00:02.0", /boot-device/],
];
test.each(failures)(
  "they do not show when %s",
  async (_, host, device, reason) => {
    project.setProgram(program([assignable("nic", host, device)]));
    const { exitCode, output } = await project.up({ args: DEBUG });
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(reason);
    expect(secretsIn(output)).toEqual([]);
  },
  600_000,
);

function program(resources: readonly string[]): string {
  const { address, port, user, hostKey } = host;
  const login = { address, port, user, hostKey };
  const otherKey = { privateKey: locked(makeKeyPair().private), passphrase: PASSPHRASE };
  return `
const pulumi = require("@pulumi/pulumi");
const pci = require("pulumi-pci-passthrough");
const onlyPassword = ${JSON.stringify({ ...login, password: PASSWORD })};
const onlyKey = ${JSON.stringify({ ...login, privateKey, passphrase: PASSPHRASE })};
const otherKey = ${JSON.stringify(otherKey)};
const hostArgs = { ...onlyPassword, ...onlyKey };
${resources.join("\n")}
`;
}

function assignable(name: string, host: string, device: string): string {
  return `new pci.AssignableDevice("${name}", { host: ${host}, device: "${device}" });`;
}

/** Which secrets stand in a text: the password, the passphrase, lines of the private key. */
function secretsIn(text: string): readonly string[] {
  const keyLines = privateKey.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
  const own = withoutPulumisOwn(text);
  return [PASSWORD, PASSPHRASE, ...keyLines].filter((secret) => own.includes(secret));
}

/**
 * A debug log without the lines in which Pulumi prints its own messages, secrets in clear: with `-v=9` what goes between the
 * engine and its plugins, with `--debug` what its library for Node.js gets back (docs/connections.md says so).
 */
function withoutPulumisOwn(text: string): string {
  const keysInLine = text.replaceAll(/-----BEGIN [\s\S]*?-----END /g, (key) => key.replaceAll("\n", "\\n"));
  const own = /(Unmarshaling|Marshaling) property for RPC\[|RegisterResource RPC finished: /;
  return keysInLine
    .split("\n")
    .filter((line) => !own.test(line))
    .join("\n");
}

/** The same private key behind the passphrase. */
function locked(key: string): string {
  const file = `${project.directory}/key`;
  fs.writeFileSync(file, key, { mode: 0o600 });
  execFileSync("ssh-keygen", ["-q", "-p", "-f", file, "-P", "", "-N", PASSPHRASE]);
  const text = fs.readFileSync(file, "utf8");
  fs.rmSync(file);
  return text;
}

/** A kind of host that notes in `reached` what programs are given and what is written. */
function watched(profile: Profile): Profile {
  const noting = withPrograms(profile, (name, program) => (call) => {
    reached.push([name, ...call.args].join(" "), JSON.stringify([...call.env]), call.stdin);
    return program(call);
  });
  return {
    ...noting,
    boot: (machine) => {
      const { files } = machine;
      const write = files.write.bind(files);
      files.write = (path, text, options) => {
        reached.push(text);
        write(path, text, options);
      };
      return profile.boot(machine);
    },
  };
}
