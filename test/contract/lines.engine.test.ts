import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";

jest.setTimeout(600_000);

const NIC = "0000:01:00.0";
/** The red of what Pulumi deletes. */
const RED = "\x1b[38;5;1m";

/** What the engine shows under one resource at the end of a run. */
function under(output: string, name: string): string {
  const [, lines = ""] = new RegExp(`^  \\S+ \\(${name}\\):\\n((?:    .*\\n| *\\n)*)`, "m").exec(output) ?? [];
  return lines.replaceAll(/^ {4}/gm, "").trim();
}

describe("what a run says", () => {
  let host: SimulatedHost;
  let project: PulumiProject;
  let program: string;

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    const { address, port, user, identityFile, hostKey } = host;
    const login = JSON.stringify({ address, port, user, identityFile, hostKey });
    program = `
      const pci = require("pulumi-pci-passthrough");
      const nicArgs = { host: ${login}, device: "${NIC}" };
      const nic = new pci.AssignableDevice("nic", nicArgs);`;
    project = await PulumiProject.create({ kind: "text", text: program });
  });
  afterAll(async () => {
    await project.dispose();
    await host.stop();
  });

  const taken = (address: string) =>
    `${address}: ${NIC} is taken from the host driver e1000e (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection)`;

  test("stands under its resource, in preview and in up, red for a loss where the terminal has colours", async () => {
    const preview = await project.preview({ args: ["--color", "always"] });
    expect(under(preview.output, "nic")).toContain(taken(host.address));
    expect(preview.colored).toContain(`${host.address}: ${RED}${NIC} is taken`);
    const up = await project.up();
    expect(under(up.output, "nic")).toContain(taken(host.address));
    expect(up.colored).not.toContain("\x1b");
    expect(up.colored).not.toContain("<{%");
  });

  test("is what `get` reads of a resource that is there, and why it cannot read another", async () => {
    project.setProgram(`${program}
      const read = pci.AssignableDevice.get("read", nic.id, nicArgs);
      exports.read = [read.device, read.active, read.host.address];`);
    expect((await project.up()).exitCode).toBe(0);
    expect(await project.outputs()).toEqual({ read: [NIC, true, host.address] });

    project.setProgram(`${program}
      const id = nic.id.apply((id) => id.replace("${NIC}", "0000:01:00.1"));
      pci.AssignableDevice.get("other", id, { ...nicArgs, device: "0000:01:00.1" });`);
    const { exitCode, output } = await project.preview();
    expect(exitCode).not.toBe(0);
    expect(under(output, "other")).toMatch(
      /^error: Preview failed: Unable to read the AssignableDevice [0-9a-f]{32}\/AssignableDevice\/0000:01:00\.1: there is nothing like it on the host\. Check the id and the arguments of `get`\.$/,
    );
    expect(output).not.toMatch(/^ +at /m);
    project.setProgram(program);
  });

  test("has no stack trace when a host is gone", async () => {
    await host.stop();
    const refresh = await project.refresh();
    const destroy = await project.destroy();
    for (const { exitCode, output } of [refresh, destroy]) {
      expect(exitCode).toBe(1);
      expect(under(output, "nic")).toMatch(/^error: Unable to reach \S+ port \d+: nothing listens there/);
      expect(output).not.toMatch(/ConnectionError|^ +at /m);
    }
    expect(destroy.output).toMatch(
      /^ *If the host is gone for good, forget the resource: pulumi state delete '?urn:\S+::nic'?$/m,
    );
  });
});
