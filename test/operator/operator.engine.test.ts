import fs from "node:fs";
import path from "node:path";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { CHECKOUT, type Program } from "../engine/project-folder";
import { PulumiProject } from "../engine/pulumi-project";
import { temporaryFolders } from "../engine/temporary-folder";

jest.setTimeout(600_000);

interface Story {
  readonly name: string;
  readonly hosts: readonly { readonly name: string; readonly profile: string }[];
  /** The folder of an example, or the text of a program that finds `hosts`. */
  readonly program: Program;
  readonly config: (host: object) => Readonly<Record<string, unknown>>;
}

const example = (name: string) => ({ kind: "folder", folder: path.join(CHECKOUT, "examples", name) }) as const;

const folder = temporaryFolders();

const stories: readonly Story[] = [
  {
    name: "quickstart",
    hosts: [{ name: "xen1", profile: "debian-xl" }],
    program: example("quickstart"),
    config: (host) => ({ host, device: "01:00.0", vm: "web1" }),
  },
  {
    name: "quickstart-yaml",
    hosts: [{ name: "xen1", profile: "debian-xl" }],
    program: example("quickstart-yaml"),
    config: (host) => ({ host: "xen1", device: "01:00.0", vm: "web1", "pci-passthrough:hosts": { xen1: host } }),
  },
  {
    name: "fleet",
    hosts: [
      { name: "xen1", profile: "debian-xl" },
      { name: "xen2", profile: "debian-xl" },
    ],
    program: {
      kind: "text",
      text: `
        const pulumi = require("@pulumi/pulumi");
        const pci = require("pulumi-pci-passthrough");
        for (const host of new pulumi.Config().requireObject("hosts")) {
          const name = host.address;
          const hidden = new pci.HiddenPciDevice(name + "-hidden", { host, device: "01:00.0" });
          new pci.VmPciAttachment(name + "-nic", { host, device: hidden.device, vm: "web1" });
          new pci.HostReboot(name + "-reboot", { host });
        }`,
    },
    config: () => ({}),
  },
  {
    name: "kvm-gpu",
    hosts: [{ name: "kvm1", profile: "debian-kvm-gpu" }],
    program: example("kvm-gpu"),
    config: (host) => ({ host, slot: "0000:04:00", vm: "web" }),
  },
];

/** Of the terminals that it is read on. */
const WIDTHS = [80, 120];

describe.each(stories)("what an operator reads: $name", ({ name, hosts, program, config }) => {
  const running: SimulatedHost[] = [];
  let project: PulumiProject | undefined;
  afterAll(async () => {
    await project?.dispose();
    await Promise.all(running.map((host) => host.stop()));
  });

  test("at the end of preview, up and destroy", async () => {
    running.push(...(await Promise.all(hosts.map((host) => startSimulatedHost(host)))));
    project = await PulumiProject.create(program, { HOME: homeThatKnows(running) });
    const logins = running.map(({ name: address, hostKey }) => ({ address, hostKey }));
    project.configure({ hosts: logins, ...config(logins[0] ?? {}) });
    const runs = {
      preview: await project.preview(),
      up: await project.up(),
      destroy: await project.destroy(),
    };
    const read = Object.entries(runs).map(([command, { output }]) => `$ pulumi ${command}\n${endOf(output)}\n`);
    for (const width of WIDTHS) {
      const golden = path.join(__dirname, "golden", `${name}.${width}.txt`);
      const shown = wrapped(read.join("\n"), width);
      if (process.env.UPDATE_GOLDEN) fs.writeFileSync(golden, shown);
      expect(shown).toBe(fs.readFileSync(golden, "utf8"));
    }
  });
});

/**
 * What the engine shows at the end of a run, without what differs from run to run: the order of resources that do not
 * wait for each other, ids of boots, and times.
 */
function endOf(output: string): string {
  const [, end = ""] = /\n((?:Diagnostics|Outputs|Resources):\n[\s\S]*?\n)(?=\n*(?:Duration:|$))/.exec(output) ?? [];
  const [, diagnostics = "", others = ""] = /^(?:Diagnostics:\n([\s\S]*?\n)\n(?=\w))?([\s\S]*)$/.exec(end) ?? [];
  const told = diagnostics
    .split(/\n(?= {2}\S)/)
    .map((block) => block.trimEnd())
    .filter((block) => !OF_THE_LANGUAGE_HOST.test(block));
  const head = diagnostics === "" ? "" : `Diagnostics:\n${told.sort().join("\n\n")}\n\n`;
  return `${head}${others.trim()}`.replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>");
}

/** Users have the language hosts in the folder of the engine: nobody warns them of these. */
const OF_THE_LANGUAGE_HOST =
  /^ {2}pulumi:pulumi:Stack .*:\n {4}warning: using pulumi-language-yaml from \$PATH at \S+$/;

/** Lines as a terminal breaks them. */
function wrapped(text: string, width: number): string {
  return text.replaceAll(new RegExp(`.{${width}}(?=.)`, "g"), "$&\n");
}

/** A home whose ssh config has the hosts by name. */
function homeThatKnows(hosts: readonly SimulatedHost[]): string {
  const home = folder();
  fs.mkdirSync(path.join(home, ".ssh"), { mode: 0o700 });
  fs.writeFileSync(
    path.join(home, ".ssh/config"),
    hosts
      .map(
        ({ name, address, port, user, identityFile }) =>
          `Host ${name}\n  HostName ${address}\n  Port ${port}\n  User ${user}\n  IdentityFile ${identityFile}\n`,
      )
      .join(""),
  );
  return home;
}
