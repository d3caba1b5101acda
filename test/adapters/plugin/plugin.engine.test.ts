import fs from "node:fs";
import path from "node:path";
import { type SimulatedHost, startSimulatedHost } from "../../../simulator";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "../../contract/test-host";
import { CHECKOUT } from "../../engine/project-folder";
import { PulumiProject } from "../../engine/pulumi-project";

jest.setTimeout(600_000);

const NIC = "0000:01:00.0";
/** The colours of what Pulumi deletes and creates. */
const [RED, GREEN] = ["\x1b[38;5;1m", "\x1b[38;5;2m"];
const OTHER_NIC = "0000:01:00.1";
const VM = "/etc/xen/engine.cfg";
const GUEST = 'name = "engine"\nkernel = "/root/vmlinuz-guest"\nmemory = 128\npci=[]\n';

function login({ address, port, user, identityFile, hostKey }: TestHost): object {
  return { address, port, user, identityFile, hostKey };
}

/** What a generated SDK does: classes that name a type, and the outputs that the schema has. */
const CLASSES = `
const pulumi = require("@pulumi/pulumi");
const outputs = { functions: undefined, configured: undefined, active: undefined, pending: undefined, bootChange: undefined };
const aliased = (kind, opts) => pulumi.mergeOptions({ aliases: [{ type: "pulumi-nodejs:dynamic/pci-passthrough:" + kind }] }, opts);
class AssignableDevice extends pulumi.CustomResource {
  constructor(name, args, opts) {
    super("pci-passthrough:index:AssignableDevice", name, { ...outputs, ...args }, aliased("AssignableDevice", opts));
  }
}
class VmPciAttachment extends pulumi.CustomResource {
  constructor(name, args, opts) {
    super("pci-passthrough:index:VmPciAttachment", name, { ...outputs, ...args }, aliased("VmPciAttachment", opts));
  }
}
const pci = { AssignableDevice, VmPciAttachment };
`;

function program(classes: string, host: unknown, device: string): string {
  return `${classes}
const host = ${JSON.stringify(host)};
const nic = new pci.AssignableDevice("nic", { host, device: "${device}" });
const attachment = new pci.VmPciAttachment("nic-of-vm", { host, device: nic.device, vm: "engine" });
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

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    await writeVmConfig(host, VM, GUEST);
    untouched = await snapshot(host);
    project = await PulumiProject.create({ kind: "text", text: program(CLASSES, "xen1", NIC) });
    const settings = path.join(project.directory, "Pulumi.yaml");
    fs.appendFileSync(settings, `plugins:\n  providers:\n    - name: pci-passthrough\n      path: ${CHECKOUT}\n`);
    const value = JSON.stringify({ xen1: login(host) });
    const { exitCode, output: shown } = await project.run(["config", "set", "pci-passthrough:hosts", value]);
    if (exitCode !== 0) throw new Error(shown);
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

  test("a stack of the dynamic provider moves to the plugin without a change on the host", async () => {
    project.setProgram(program('const pci = require("pulumi-pci-passthrough");', login(host), NIC));
    expect((await project.up()).exitCode).toBe(0);
    const made = await snapshot(host);
    project.setProgram(program(CLASSES, "xen1", NIC));
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("3 unchanged");
    expect(exitCode).toBe(0);
    // From the first refresh on the engine reads each resource before it asks how it differs.
    const refresh = await project.refresh({ args: ["--expect-no-changes"] });
    expect(refresh.exitCode).toBe(0);
    expect(await snapshot(host)).toBe(made);
  });

  test("drift is named with its values, and put right", async () => {
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    const { output: shown } = await project.preview({ args: ["--diff"] });
    expect(shown).toMatch(/~ active *: true => false/);
    expect(shown).toMatch(/- drift: \{\s+- active: false/);
    expect(shown).toContain(`${NIC} is no longer bound to pciback: somebody released it`);
    const up = await project.up();
    expect(up.output).toContain("1 updated");
    expect(await driverOf(host, NIC)).toBe("pciback");
  });

  test("another device replaces what depends on it, and both are named by their property", async () => {
    project.setProgram(program(CLASSES, "xen1", OTHER_NIC));
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+-2 replaced");
    expect(shown).toContain("[diff: ~device]");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await driverOf(host, OTHER_NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toContain(`pci=['${OTHER_NIC}']`);
  });

  test("refresh needs no program, and destroy leaves the host as it was", async () => {
    await output(host, `xl pci-assignable-remove -r ${OTHER_NIC}`);
    const refresh = await project.refresh();
    expect(refresh.output).toContain("[diff: +drift]");
    const { exitCode } = await project.destroy();
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });
});
