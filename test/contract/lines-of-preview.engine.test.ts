import { z } from "zod";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { PulumiProject } from "../engine/pulumi-project";

jest.setTimeout(600_000);

/** What `pulumi preview --json` prints, as far as it is read here. */
const PreviewOutput = z.object({ diagnostics: z.array(z.object({ urn: z.string().optional() })).optional() });

/** The resources that lines of a preview stand under. */
function toldUnder(json: string): readonly (string | undefined)[] {
  const { diagnostics = [] } = PreviewOutput.parse(JSON.parse(json));
  return diagnostics.map(({ urn }) => urn);
}

describe("what a preview says", () => {
  let host: SimulatedHost;
  let project: PulumiProject;

  const program = (card: boolean) => {
    const { address, port, user, identityFile, hostKey } = host;
    return `
      const pci = require("pulumi-pci-passthrough");
      const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
      new pci.AssignableDevice("nic", { host, device: "0000:01:00.0" });
      if (${card}) new pci.PciPassthrough("card", { host, device: "0000:01:00.1", vm: "web1", hide: false });
      new pci.HostReboot("a-reboot", { host });`;
  };

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    project = await PulumiProject.create({ kind: "text", text: program(true) });
  });
  afterAll(async () => {
    await project.dispose();
    await host.stop();
  });

  test("comes once for each resource", async () => {
    const { output } = await project.preview({ args: ["--json"] });
    const names = toldUnder(output).map((urn) => urn?.split("::").at(-1));
    expect(names.sort()).toEqual(["a-reboot", "card-assignable", "card-attachment", "nic"]);
  });

  test("names what is removed as the state does, also what was in a component", async () => {
    await project.up();
    const { resources } = await project.stackExport();
    project.setProgram(program(false));
    const { output } = await project.preview({ args: ["--json"] });
    const gone = toldUnder(output).filter((urn) => urn?.includes("card"));
    expect(gone).toHaveLength(2);
    expect(resources.map(({ urn }) => urn)).toEqual(expect.arrayContaining(gone));
  });
});
