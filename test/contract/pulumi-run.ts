import { setTimeout as delay } from "node:timers/promises";
import { PulumiProject, type PulumiRun } from "../engine/pulumi-project";
import { hostView } from "./program-changes/host-view";
import { assignable, attached } from "./program-changes/program-change";
import { FORETOLD_ONLY, linesByResource } from "./shown-lines";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const VM = "/etc/xen/engine.cfg";
const GUEST = 'kernel = "/root/vmlinuz-guest"\nramdisk = "/root/guest.img"\nmemory = 128\n';

const NIC_FOR_VM = `${assignable("01:00.0")}${attached("engine")}exports.functions = nic.functions;\n`;

/** What becomes of that program, one after the other. */
const CHANGES: readonly ProgramChange[] = [
  {
    title: "renamed resources keep the device",
    statements: assignable("01:00.0", "", "card") + attached("engine", "", "card-of-vm", "card.device"),
    becomes: [`${NIC} on pciback`, `engine.cfg has ${NIC}`],
  },
  {
    title: "another address is a replacement, for which the old device goes back first",
    statements: assignable("01:00.1", "", "card") + attached("engine", "", "card-of-vm", "card.device"),
    becomes: [`${OTHER_NIC} on pciback`, `engine.cfg has ${OTHER_NIC}`],
  },
  {
    title: "another VM gets the device",
    statements: assignable("01:00.1", "", "card") + attached("second", "", "card-of-vm", "card.device"),
    becomes: [`${OTHER_NIC} on pciback`, `second.cfg has ${OTHER_NIC}`],
  },
  {
    title: "the function becomes its slot under another name",
    statements: assignable("01:00", "", "slot") + attached("second", "", "slot-of-vm", "slot.device"),
    becomes: [`${NIC} on pciback`, `${OTHER_NIC} on pciback`, `second.cfg has ${NIC}`, `second.cfg has ${OTHER_NIC}`],
  },
  {
    title: "the slot becomes one of its functions",
    statements: assignable("01:00.1", "", "slot") + attached("second", "", "slot-of-vm", "slot.device"),
    becomes: [`${OTHER_NIC} on pciback`, `second.cfg has ${OTHER_NIC}`],
  },
  {
    title: "the VM no longer gets a device",
    statements: assignable("01:00.1", "", "slot"),
    becomes: [`${OTHER_NIC} on pciback`],
  },
];

interface ProgramChange {
  readonly title: string;
  /** Statements, in which `pci` and `host` are defined. */
  readonly statements: string;
  /** Who has which device then, as far as that was not so before the first program; see host-view.ts. */
  readonly becomes: readonly string[];
}

function header({ address, port, user, identityFile, hostKey }: TestHost): string {
  return `const pci = require("pulumi-pci-passthrough");
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey })};
`;
}

/** How such a run is tested. */
export interface PulumiRunOptions {
  /** For each step. */
  readonly timeoutMs: number;
  /** More tests of the host, by their titles, which leave it as they find it. */
  readonly more?: Readonly<Record<string, (host: TestHost) => Promise<void>>>;
}

/** The whole story on the real engine: up, no change, drift, heal, changed programs, destroy. */
export function pulumiRun(start: () => Promise<TestHost>, options: PulumiRunOptions): void {
  let host: TestHost;
  let project: PulumiProject;
  let untouched: string;
  let atFirst: readonly string[];

  const test = (name: string, body: () => Promise<void>) => it(name, body, options.timeoutMs);
  /** Without the host, and the name that a network interface gets when its driver is back: no preview knows that. */
  const said = (run: PulumiRun) =>
    [...linesByResource(run.output)]
      .flatMap(([resource, lines]) =>
        lines
          .filter((line) => !FORETOLD_ONLY.test(line))
          .map((line) => `${resource}: ${line.replace(`${host.address}: `, "")}`),
      )
      .filter((line) => !line.includes("the network interface"))
      .sort();
  const assignableDevices = async () => (await output(host, "xl pci-assignable-list")).trim();

  beforeAll(async () => {
    host = await start();
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\n${GUEST}pci=[]`);
    await writeVmConfig(host, "/etc/xen/second.cfg", `name = "second"\n${GUEST}`);
    untouched = await snapshot(host);
    atFirst = await hostView(host);
    project = await PulumiProject.create(
      { kind: "text", text: `${header(host)}${NIC_FOR_VM}` },
      { PCI_PASSTHROUGH_CONNECT_TIMEOUT: "120" },
    );
  }, options.timeoutMs);

  afterAll(async () => {
    await project?.dispose();
    await host?.stop();
  }, options.timeoutMs);

  test("preview says what the host will feel, and touches nothing", async () => {
    const { exitCode, output: shown } = await project.preview();
    expect(shown).toContain(
      `${host.address}: 0000:01:00.0 is taken from the host driver e1000e (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection)`,
    );
    expect(shown).toContain("+ 3 to create");
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("up gives the device to the VM", async () => {
    const { exitCode, output: shown } = await project.up();
    expect(shown).toContain("+ 3 created");
    expect(exitCode).toBe(0);
    expect(await driverOf(host, NIC)).toBe("pciback");
    expect(await output(host, `cat ${VM}`)).toBe(`# by hand\nname = "engine"\n${GUEST}pci=['0000:01:00.0']`);
  });

  test("the VM starts with the device, and prints it on its own console", async () => {
    // The log of the real host's xenconsoled; the simulated host has the console itself.
    const console = "cat /var/log/xen/console/guest-engine.log 2> /dev/null || xl console engine";
    await output(host, `xl create ${VM}`);
    while (!(await output(host, console)).includes("0x8086:0x10d3")) await delay(2000);
    await output(host, "xl destroy engine");
  });

  test("a second up changes nothing", async () => {
    const { exitCode, output: shown } = await project.up({ args: ["--expect-no-changes"] });
    expect(shown).toContain("3 unchanged");
    expect(exitCode).toBe(0);
  });

  test("a device that was released by hand is found and taken again, with and without a refresh", async () => {
    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    expect((await project.preview()).output).toContain("~ 1 to update");
    expect((await project.up()).output).toContain("~ 1 updated");
    expect(await assignableDevices()).toBe(NIC);

    await output(host, `xl pci-assignable-remove -r ${NIC}`);
    expect((await project.refresh()).exitCode).toBe(0);
    expect((await project.up()).exitCode).toBe(0);
    expect(await assignableDevices()).toBe(NIC);
  });

  test("a VM configuration that was edited by hand gets its entry again, and keeps the edit", async () => {
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\nmemory = 99\npci=[ ]`);
    expect((await project.up()).exitCode).toBe(0);
    expect(await output(host, `cat ${VM}`)).toBe(`# by hand\nname = "engine"\nmemory = 99\npci=[ '0000:01:00.0' ]`);
    await writeVmConfig(host, VM, `# by hand\nname = "engine"\n${GUEST}pci=['0000:01:00.0']`);
  });

  describe.each(CHANGES)("the program changes: $title", ({ statements, becomes }) => {
    test("up does what preview said, no more and no less", async () => {
      project.setProgram(`${header(host)}${statements}`);
      const preview = await project.preview();
      const up = await project.up();
      expect([preview.exitCode, up.exitCode]).toEqual([0, 0]);
      expect(said(up)).toEqual(said(preview));
      expect((await hostView(host)).filter((line) => !atFirst.includes(line))).toEqual(becomes);
    });
  });

  test("destroy gives everything back, byte for byte", async () => {
    const { exitCode, output: shown } = await project.destroy();
    expect(shown).toContain(
      "0000:01:00.1 goes back to e1000e (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection)",
    );
    expect(exitCode).toBe(0);
    expect(await snapshot(host)).toBe(untouched);
  });

  test("preview refuses the NIC that carries the SSH session", async () => {
    project.setProgram(`${header(host)}${assignable("00:03.0")}`);
    const { exitCode, output: shown } = await project.preview();
    expect(exitCode).not.toBe(0);
    expect(shown).toContain(
      "0000:00:03.0 (Ethernet controller: Intel Corporation 82574L Gigabit Network Connection) is the network interface mgmt0",
    );
    expect(shown).toContain("the SSH session to 10.0.2.15 goes through it");
    expect(await snapshot(host)).toBe(untouched);
  });

  for (const [title, body] of Object.entries(options.more ?? {})) test(title, () => body(host));
}
