import path from "node:path";
import { RUN_FOLDER } from "../../../provider/claims/folders";
import { type SimulatedHost, startSimulatedHost } from "../../../simulator";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "../../contract/test-host";
import { generateProgram, generateSdk } from "../../engine/generated-code";
import { CHECKOUT } from "../../engine/project-folder";
import { PulumiProject } from "../../engine/pulumi-project";

jest.setTimeout(600_000);

const NIC = "0000:01:00.0";
/** The colours of what Pulumi deletes and creates. */
const [RED, GREEN] = ["\x1b[38;5;1m", "\x1b[38;5;2m"];
const SDK = "pulumi-pci-passthrough-sdk";
const OTHER_NIC = "0000:01:00.1";
const VM = "/etc/xen/engine.cfg";
const GUEST = 'name = "engine"\nkernel = "/root/vmlinuz-guest"\nmemory = 128\npci=[]\n';

function login({ address, port, user, identityFile, hostKey }: TestHost): object {
  return { address, port, user, identityFile, hostKey };
}

const PLUGIN = `plugins:
  providers:
    - name: pci-passthrough
      path: ${CHECKOUT}
`;
const IN_JAVASCRIPT = `name: engine-test\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n${PLUGIN}`;
const IN_YAML = `name: engine-test
runtime: yaml
${PLUGIN}resources:
  nic:
    type: pci-passthrough:AssignableDevice
    properties:
      host: xen1
      device: "${NIC}"
  nic-of-vm:
    type: pci-passthrough:VmPciAttachment
    properties:
      host: xen1
      device: \${nic.device}
      vm: engine
outputs:
  functions: \${nic.functions}
  pending: \${nic-of-vm.pending}
`;

/** The packages have the same classes. */
function program(packageName: string, host: unknown, device: string, options: object = {}): string {
  return `const pci = require("${packageName}");
const host = ${JSON.stringify(host)};
const nic = new pci.AssignableDevice("nic", { host, device: "${device}" }, ${JSON.stringify(options)});
const attachment = new pci.VmPciAttachment("nic-of-vm", { host, device: nic.device, vm: "engine" }, ${JSON.stringify(options)});
exports.functions = nic.functions;
exports.pending = attachment.pending;
`;
}

/** What the engine shows under one resource at the end of a run. */
function under(shown: string, name: string): string {
  const [, lines = ""] = new RegExp(`^  \\S+ \\(${name}\\):\\n((?:    .*\\n| *\\n)*)`, "m").exec(shown) ?? [];
  return lines.replaceAll(/^ {4}/gm, "").trim();
}

describe("the plugin on the real engine", () => {
  let host: SimulatedHost;
  let project: PulumiProject;
  let untouched: string;

  const inJavaScript = (text: string) => {
    project.setProgram(IN_JAVASCRIPT, "yaml");
    project.setProgram(text);
  };

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    await writeVmConfig(host, VM, GUEST);
    untouched = await snapshot(host);
    project = await PulumiProject.create({ kind: "yaml", text: IN_YAML });
    project.configure({ "pci-passthrough:hosts": { xen1: login(host) } });
    await generateSdk(project, "nodejs");
    inJavaScript(program(SDK, "xen1", NIC));
  });
  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  });

  test("preview knows the outputs, says under each resource what the host will feel, and touches nothing", async () => {
    const { exitCode, output: shown, colored } = await project.preview({ args: ["--color", "always"] });
    expect(under(shown, "nic")).toContain(`${NIC} is taken from the host driver e1000e (Ethernet controller: Intel`);
    expect(under(shown, "nic-of-vm")).toContain(`the VM "engine" gets ${NIC} at its next start, by ${VM}`);
    expect(colored).toContain(`xen1: ${RED}${NIC} is taken`);
    expect(colored).toContain(`xen1: ${GREEN}the VM "engine" gets ${NIC}`);
    expect(shown).toMatch(/pending *: "none"/);
    expect(shown).toContain("+ 3 to create");
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("a stack of the dynamic provider moves to the plugin without a change on the host, also in another language", async () => {
    project.setProgram(program("pulumi-pci-passthrough", login(host), NIC));
    expect((await project.up()).exitCode).toBe(0);
    const made = await snapshot(host);
    const stack = path.join(project.directory, "stack.json");
    await project.run(["stack", "export", "--file", stack]);
    const moves = [() => project.setProgram(IN_YAML, "yaml"), () => inJavaScript(program(SDK, "xen1", NIC))];
    for (const move of moves) {
      await project.run(["stack", "import", "--file", stack]);
      move();
      const { exitCode, output: shown } = await project.up();
      expect([exitCode, shown]).toEqual([0, expect.stringContaining("3 unchanged")]);
      // From the first refresh on the engine reads each resource before it asks how it differs.
      const refresh = await project.refresh({ args: ["--expect-no-changes"] });
      expect(refresh.exitCode).toBe(0);
    }
    expect(await snapshot(host)).toBe(made);
  });

  test("drift is named with its values, and put right", async () => {
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    const { output: shown } = await project.preview({ args: ["--diff"] });
    expect(shown).toMatch(/~ active *: true => false/);
    expect(shown).toMatch(/- drift: \{\s+- active: false/);
    expect(shown).toContain(`${NIC} is no longer bound to pciback: somebody released it`);
    const { steps, diagnostics } = JSON.parse((await project.preview({ args: ["--json"] })).output);
    expect(steps).toContainEqual(
      expect.objectContaining({ urn: expect.stringMatching(/::nic$/), detailedDiff: { drift: expect.anything() } }),
    );
    expect(diagnostics).toEqual([expect.objectContaining({ urn: expect.stringMatching(/::nic$/) })]);
    const up = await project.up();
    expect(up.output).toContain("1 updated");
    expect(await driverOf(host, NIC)).toBe("pciback");
  });

  test("another device replaces what depends on it, and both are named by their property", async () => {
    project.setProgram(program(SDK, "xen1", OTHER_NIC, { customTimeouts: { update: "1s", delete: "1s" } }));
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+-2 replaced");
    expect(shown).toContain("[diff: ~device]");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await driverOf(host, OTHER_NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toContain(`pci=['${OTHER_NIC}']`);
  });

  test("refresh needs no program", async () => {
    await output(host, `xl pci-assignable-remove -r ${OTHER_NIC}`);
    const refresh = await project.refresh();
    expect(refresh.output).toContain("[diff: +drift]");
  });

  test("an update and a removal end after their customTimeouts, and change nothing", async () => {
    const drifted = await snapshot(host);
    await output(host, "touch /tmp/held");
    const held = host.exec(`exec 9>> ${RUN_FOLDER}/lock; flock 9; while [ -e /tmp/held ]; do sleep 1; done`);
    const runs = [await project.up(), await project.destroy()];
    await output(host, "rm /tmp/held");
    await held;
    expect(runs.map(({ output: shown }, run) => under(shown, run === 0 ? "nic" : "nic-of-vm"))).toEqual([
      expect.stringContaining("it took more than the 1 s of customTimeouts. Nothing was changed"),
      expect.stringContaining("it took more than the 1 s of customTimeouts. Nothing was changed"),
    ]);
    expect(await snapshot(host)).toBe(drifted);
  });

  test("destroy leaves the host as it was", async () => {
    project.setProgram(program(SDK, "xen1", OTHER_NIC));
    expect((await project.up()).exitCode).toBe(0);
    const { exitCode } = await project.destroy();
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("an attachment that was made by hand is imported; the generated program changes nothing", async () => {
    await writeVmConfig(host, VM, GUEST.replace("[]", `["${NIC}"]`));
    const byHand = await snapshot(host);
    const attachment = ["pci-passthrough:index:VmPciAttachment", "nic", `xen1/${NIC}/engine`];
    await project.run(["import", ...attachment, "--yes", "--skip-preview", "--protect=false", "--generate-code=false"]);
    await generateProgram(project, "nodejs");
    const { exitCode, output: shown } = await project.preview({ args: ["--expect-no-changes"] });
    expect([exitCode, shown]).toEqual([0, expect.stringContaining("2 unchanged")]);
    expect(await snapshot(host)).toBe(byHand);
  });
});
