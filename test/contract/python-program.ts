import path from "node:path";
import { generateSdk } from "../engine/generated-code";
import { CHECKOUT } from "../engine/project-folder";
import { PulumiProject } from "../engine/pulumi-project";
import { driverOf, output, snapshot, type TestHost } from "./test-host";

const NIC = "0000:01:00.0";

/** The plugin on a host whose VM "engine" has no device: the quickstart in Python is deployed and destroyed. */
export async function deployPythonProgram(host: TestHost): Promise<void> {
  const untouched = await snapshot(host);
  const folder = path.join(CHECKOUT, "examples/quickstart-python");
  const project = await PulumiProject.create({ kind: "folder", folder }, { PCI_PASSTHROUGH_CONNECT_TIMEOUT: "120" });
  try {
    const { address, port, user, identityFile, hostKey } = host;
    project.configure({
      host: "xen1",
      device: NIC,
      vm: "engine",
      "pci-passthrough:hosts": { xen1: { address, port, user, identityFile, hostKey } },
    });
    const env = await generateSdk(project, "python");
    const up = await project.up({ env });
    expect([up.exitCode, up.output]).toEqual([0, expect.stringContaining("+ 3 created")]);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, "cat /etc/xen/engine.cfg")).toContain(NIC);
    const again = await project.preview({ env, args: ["--expect-no-changes"] });
    expect([again.exitCode, again.output]).toEqual([0, expect.stringContaining("3 unchanged")]);
    expect((await project.destroy({ env })).output).toContain("- 3 deleted");
    expect(await snapshot(host)).toBe(untouched);
  } finally {
    await project.dispose();
  }
}
