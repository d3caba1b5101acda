import fs from "node:fs";
import path from "node:path";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { linesByResource } from "../contract/shown-lines";
import { driverOf, output, snapshot } from "../contract/test-host";
import { generateProgram, generateSdk } from "./generated-code";
import { CHECKOUT } from "./project-folder";
import { PulumiProject, type RunOptions } from "./pulumi-project";

jest.setTimeout(600_000);

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";

/** How the program of an example is changed. */
const EDITS = {
  yaml: {
    file: "Pulumi.yaml",
    permissive: { after: "VmPciAttachment\n    properties:\n", added: "      permissive: true\n" },
    wrongType: {
      after: "  assignable:\n    type: pci-passthrough:AssignableDevice\n    properties:\n",
      added: "      group: perhaps\n",
    },
  },
  python: {
    file: "__main__.py",
    permissive: { after: 'vm=config.require("vm")', added: ", permissive=True" },
    wrongType: { after: 'AssignableDevice("assignable", ', added: 'group="perhaps", ' },
  },
  go: {
    file: "main.go",
    permissive: { after: 'pulumi.String(settings.Require("vm")),\n', added: "Permissive: pulumi.Bool(true),\n" },
    // Its compiler refuses it.
    wrongType: undefined,
  },
} as const;

/** Programs in JavaScript: test/adapters/plugin/plugin.engine.test.ts. */
describe.each(["yaml", "python", "go"] as const)("examples/quickstart-%s", (language) => {
  let host: SimulatedHost;
  let project: PulumiProject;
  let untouched: string;
  let options: RunOptions;

  const run = async (command: readonly string[]): Promise<string> => {
    const { exitCode, output: shown } = await project.run(command, options);
    expect([exitCode, shown]).toEqual([0, shown]);
    return shown;
  };
  const edit = ({ after, added }: { readonly after: string; readonly added: string }): (() => void) => {
    const program = path.join(project.directory, EDITS[language].file);
    const before = fs.readFileSync(program, "utf8");
    const edited = before.replace(after, `${after}${added}`);
    expect(edited).not.toBe(before);
    fs.writeFileSync(program, edited);
    return () => fs.writeFileSync(program, before);
  };
  /**
   * What a run that fails says under the resource. How a language host ends the program then is its own: that of Python,
   * 3.68, shows where it interrupted it.
   */
  const refused = async (command: readonly string[]): Promise<readonly string[]> => {
    const { exitCode, output: shown } = await project.run(command, options);
    expect(exitCode).not.toBe(0);
    return linesByResource(shown).get("assignable") ?? [];
  };

  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
    untouched = await snapshot(host);
    project = await PulumiProject.create({ kind: "folder", folder: `${CHECKOUT}/examples/quickstart-${language}` });
    const { address, port, user, identityFile, hostKey } = host;
    project.configure({
      host: "xen1",
      device: NIC,
      vm: "web1",
      "pci-passthrough:hosts": {
        xen1: { address, port, user, identityFile, hostKey },
        xen2: { address: "127.0.0.1", port: 1, user, identityFile },
      },
    });
    options = { env: language === "yaml" ? {} : await generateSdk(project, language) };
  });
  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  });

  test("is previewed and deployed, and changes nothing twice", async () => {
    const shown = await run(["up", "--yes"]);
    expect(shown).toMatch(/\+ 3 to create[\s\S]*\+ 3 created/);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, "cat /etc/xen/web1.cfg")).toContain(NIC);
    expect(await run(["preview", "--expect-no-changes"])).toContain("3 unchanged");
  });

  test("names drift and another input, and updates both in place", async () => {
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    edit(EDITS[language].permissive);
    const shown = await run(["up", "--yes", "--skip-preview", "--diff"]);
    expect(shown).toMatch(/~ active *: true => false/);
    expect(shown).toMatch(/\+ permissive *: true/);
    expect(shown).toContain("~ 2 updated");
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, "cat /etc/xen/web1.cfg")).toContain(`${NIC},permissive=1`);
  });

  test("replaces what another device replaces", async () => {
    const shown = await run(["up", "--yes", "--skip-preview", "--config", `device=${OTHER_NIC}`]);
    expect(shown).toMatch(/\[diff: ~device\][\s\S]*\+-2 replaced/);
    expect(await driverOf(host, NIC)).toBe("e1000e");
    expect(await output(host, "cat /etc/xen/web1.cfg")).toContain(OTHER_NIC);
  });

  test("refreshes, and gives back what it made", async () => {
    await output(host, `xl pci-assignable-remove -r ${OTHER_NIC}`);
    expect(await run(["refresh", "--yes", "--skip-preview"])).toContain("[diff: +drift]");
    expect(await run(["destroy", "--yes", "--skip-preview"])).toContain("- 3 deleted");
    expect(await snapshot(host)).toBe(untouched);
  });

  test("says what is wrong at its property, and of a host that is not reached, once and without a trace", async () => {
    const { wrongType } = EDITS[language];
    const undo = wrongType && edit(wrongType);
    if (language === "yaml") {
      // Its language host knows the types from the schema, and sends nothing that is not of them.
      const { exitCode, output: shown } = await project.run(["preview"], options);
      expect([exitCode, shown]).toEqual([
        expect.any(Number),
        expect.stringContaining("group: Cannot assign type 'string'"),
      ]);
      undo?.();
    }
    expect(await refused(["preview", "--config", "device=nonsense", "--config", "host=xen3"])).toEqual([
      expect.stringContaining('host: the provider\'s configuration has no host "xen3": did you mean "xen1"?'),
      expect.stringMatching(
        /property device value \{nonsense\} has a problem: "nonsense" must be a PCI address such as/,
      ),
      ...(language === "python"
        ? [expect.stringContaining("property group value {perhaps} has a problem: must be true or false")]
        : []),
    ]);
    undo?.();
    const elsewhere = ["--config", `device=${NIC}`, "--config", "host=xen2"];
    expect(await refused(["up", "--yes", "--skip-preview", ...elsewhere])).toEqual([
      expect.stringMatching(/^error: Unable to reach xen2 \(127\.0\.0\.1 port 1\): nothing listens there/),
    ]);
  });

  test("imports what was made by hand; the generated program changes nothing, and a destroy leaves it", async () => {
    await output(host, `echo "pci = [ '${NIC}' ]" >> /etc/xen/web1.cfg`);
    const byHand = await snapshot(host);
    const attachment = ["pci-passthrough:index:VmPciAttachment", "nic", `xen1/${NIC}/web1`];
    const flags = ["--yes", "--skip-preview", "--protect=false"];
    if (language === "yaml") {
      const generated = path.join(project.directory, "generated.yaml");
      await run(["import", ...attachment, ...flags, "--out", generated]);
      const [settings] = fs.readFileSync(path.join(project.directory, "Pulumi.yaml"), "utf8").split(/^config:/m);
      project.setProgram(`${settings}${fs.readFileSync(generated, "utf8")}`, "yaml");
    } else {
      await run(["import", ...attachment, ...flags, "--generate-code=false"]);
      await generateProgram(project, language);
    }
    expect(await run(["preview", "--expect-no-changes"])).toContain("2 unchanged");
    expect(await run(["destroy", "--yes", "--skip-preview"])).toContain("- 2 deleted");
    expect(await snapshot(host)).toBe(byHand);
  });
});
