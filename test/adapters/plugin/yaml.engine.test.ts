import { programText } from "../../../cli/program-text";
import { findUnmanaged } from "../../../provider/resources/find-unmanaged";
import { type SimulatedHost, startSimulatedHost } from "../../../simulator";
import { driverOf, output, snapshot, writeVmConfig } from "../../contract/test-host";
import { CHECKOUT } from "../../engine/project-folder";
import { PulumiProject } from "../../engine/pulumi-project";

jest.setTimeout(600_000);

const PASSWORD = "pass-word-that-must-not-show";
const NIC = "0000:01:00.0";
const VM = "/etc/xen/engine.cfg";
const guest = (pci: string) => `name = "engine"\nkernel = "/root/vmlinuz-guest"\nmemory = 128\npci=[${pci}]\n`;

const PROJECT = `name: engine-test
runtime: yaml
plugins:
  providers:
    - name: pci-passthrough
      path: ${CHECKOUT}
`;
/** With a Provider of its own, which nothing of the stack's configuration reaches. */
const component = (login: object) => `${PROJECT}
variables:
  nics:
    fn::invoke:
      function: pci-passthrough:index:getPciDevices
      arguments:
        host: own
        filter:
          id: "8086:10d3"
      options:
        provider: \${provider}
      return: devices
resources:
  provider:
    type: pulumi:providers:pci-passthrough
    properties:
      hosts:
        own:
          fn::secret: ${JSON.stringify(login)}
  web:
    type: pci-passthrough:index:PciPassthrough
    properties:
      host: own
      device: \${nics[1].address}
      vm: engine
      hide: false
    options:
      provider: \${provider}
outputs:
  pending: \${web.pending}
  functions: \${web.functions}
`;

describe("a YAML program with the plugin", () => {
  let host: SimulatedHost;
  let project: PulumiProject;
  let untouched: string;
  let login: object;

  const expectSecret = async (...shown: readonly string[]) => {
    for (const text of [...shown, JSON.stringify(await project.stackExport())]) expect(text).not.toContain(PASSWORD);
  };

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    await writeVmConfig(host, VM, guest(""));
    untouched = await snapshot(host);
    const { address, port, user, identityFile, hostKey } = host;
    login = { address, port, user, identityFile, hostKey, password: PASSWORD };
    project = await PulumiProject.create({ kind: "yaml", text: component(login) });
    await project.run(["config", "set", "--secret", "pci-passthrough:hosts", JSON.stringify({ xen1: login })]);
  });
  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  });

  test("gets a device from boot to guest by the component, whose outputs preview knows, through a Provider of the program, and gives it back", async () => {
    const preview = await project.preview();
    expect(preview.output).toMatch(/pending *: "none"/);
    const up = await project.up();
    expect(up.exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toContain(`pci=['${NIC}']`);
    const again = await project.preview({ args: ["--expect-no-changes", "--json"] });
    expect(again.exitCode).toBe(0);
    await expectSecret(preview.output, up.output, again.output);
    expect((await project.destroy()).exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("imports what the command import found; nothing changes, and a destroy leaves it", async () => {
    await writeVmConfig(host, VM, guest(`"${NIC}"`));
    await output(host, `modprobe xen-pciback && xl pci-assignable-add ${NIC}`);
    const made = await snapshot(host);
    const { address, port, user, identityFile, hostKey } = host;
    const found = await findUnmanaged({ address, port, user, identityFile, hostKey });
    const program = programText.yaml("xen1", {}, found).replace("name: xen1", "name: engine-test");
    project.setProgram(program, "yaml");
    const { exitCode, output: shown } = await project.up();
    expect([exitCode, shown]).toEqual([0, expect.stringContaining(`= ${found.length} imported`)]);
    await expectSecret(shown);
    expect((await project.preview({ args: ["--expect-no-changes"] })).exitCode).toBe(0);
    expect((await project.destroy()).exitCode).toBe(0);
    expect(await snapshot(host)).toBe(made);
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
  });

  test("says why it does not import what is not there, and a bridge", async () => {
    project.setProgram(PROJECT, "yaml");
    for (const [device, reason] of [
      ["0000:07:00.0", "the host has no device 0000:07:00.0"],
      ["0000:00:1f.0", "bridge"],
    ]) {
      const id = ["pci-passthrough:index:AssignableDevice", "nic", `xen1/${device}`];
      const { exitCode, output: shown } = await project.run(["import", ...id, "--yes", "--skip-preview"]);
      expect([exitCode, shown]).toEqual([
        expect.any(Number),
        expect.stringContaining(`Unable to import AssignableDevice ${device} on xen1`),
      ]);
      expect(exitCode).not.toBe(0);
      expect(shown).toContain(reason);
      expect(shown).not.toMatch(/^ +at /m);
    }
  });

  test("says what is wrong at its property, without a trace", async () => {
    const wrong = `${PROJECT}
resources:
  nic:
    type: pci-passthrough:index:AssignableDevice
    properties:
      host: xen2
      device: nonsense
`;
    project.setProgram(wrong, "yaml");
    const { exitCode, output: shown } = await project.preview();
    expect(exitCode).not.toBe(0);
    expect(shown).toContain('host: the provider\'s configuration has no host "xen2": did you mean "xen1"?');
    expect(shown).toContain('"nonsense" must be a PCI address');
    expect(shown).not.toMatch(/^ +at /m);
  });
});
