import fs from "node:fs";
import path from "node:path";
import { RESOURCE_KINDS } from "../provider/claims/claim-key";
import { chooseMechanism } from "../provider/plan/hide/hide-mechanisms";
import { HIDE_MECHANISM_NAMES } from "../provider/plan/hide-mechanism-name";
import { HostInput } from "../provider/plan/inputs/host-input";
import { createHosts } from "../provider/resources/hosts";
import * as sdk from "../sdk";
import { PROFILE_NAMES, type SimulatedHost, startSimulatedHost } from "../simulator";
import { Deployment } from "./contract/deployment";
import { codeBlocks, codeSpans, section, tableRows } from "./markdown";

const ROOT = path.dirname(__dirname);
const readme = read("README.md");

function read(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), "utf8");
}

test("it is read in a few minutes", () => {
  expect(readme.split("\n").length).toBeLessThanOrEqual(151);
});

test("the program is the one of examples/quickstart, which is type-checked", () => {
  expect(codeBlocks(readme)[0]?.text).toBe(read("examples/quickstart/index.ts"));
});

test("the picture names the resources that move a device", () => {
  const named = (section(readme, "How a device gets to a VM").match(/\b[A-Z]\w+[a-z][A-Z]\w+/g) ?? []).sort();
  expect([...new Set(named)]).toEqual(["AssignableDevice", "HiddenPciDevice", "VmPciAttachment"]);
  expect(RESOURCE_KINDS).toEqual(expect.arrayContaining(named));
});

test("it says of every resource and function what it is for", () => {
  const named = tableRows(section(readme, "Which resource for what")).flatMap(([, use = ""]) => codeSpans(use));
  expect([...named].sort()).toEqual(Object.keys(sdk).sort());
});

describe("See it work", () => {
  const [shown = ""] = codeBlocks(section(readme, "See it work")).map(({ text }) => text);
  const chapter = (title: string) => shown.split(/^── /m).find((text) => text.startsWith(title)) ?? "";
  const hosts: SimulatedHost[] = [];
  beforeAll(async () => {
    for (const name of ["xen1", "xen2"]) hosts.push(await startSimulatedHost({ name, profile: "debian-xl" }));
  });
  afterAll(() => Promise.all(hosts.map((host) => host.stop())));

  /** The hosts of the demo, each a run of its own, and what was said of a resource, by the host's name. */
  const [onXen1, onXen2] = ["xen1", "xen2"].map((name, index) => () => {
    const host = hosts[index];
    if (!host) throw new Error(`no ${name}`);
    const run = new Deployment(host);
    const say = (kind: string, label: string, line: string) =>
      `  ${kind} (${label}):\n${line.replaceAll(/^/gm, "    ").replaceAll(host.address, name)}\n`;
    return { run, say };
  }) as [() => Run, () => Run];
  interface Run {
    readonly run: Deployment;
    readonly say: (kind: string, label: string, line: string) => string;
  }

  test("the demo plays these scenes, with these commands and in this order", () => {
    const script = read("scripts/demo.js");
    const played = [...script.matchAll(/heading\("(.*)"\)|pulumi\(\[(.*)\]\)|green\("(.*)"\)/g)].map(
      ([, title, words, verdict]) =>
        title ? `── ${title}` : words ? `$ pulumi ${words.replaceAll(/[",]/g, "")}` : (verdict ?? ""),
    );
    const lines = shown.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
    expect(played.filter((line) => lines.includes(line)).length).toBeGreaterThanOrEqual(lines.length);
    expect(lines.filter((line) => !played.includes(line))).toEqual([]);
  });

  test("preview says this of the demo's program", async () => {
    const device = "0000:01:00.0";
    const xen1 = onXen1();
    await xen1.run.check("AssignableDevice", { device }, "nic");
    const declared = [{ kind: "AssignableDevice", label: "nic", inputs: { device } }] as const;
    await xen1.run.check("VmPciAttachment", { device, vm: "web1" }, "nic-of-web1", declared);
    const xen2 = onXen2();
    await xen2.run.check("AssignableDevice", { device: "0000:02:00.0" }, "usb");
    const [nic = "", attachment = ""] = xen1.run.lines;
    const [usb = ""] = xen2.run.lines;
    expect(chapter("Preview")).toContain(
      xen1.say("AssignableDevice", "nic", nic) +
        xen2.say("AssignableDevice", "usb", usb) +
        xen1.say("VmPciAttachment", "nic-of-web1", attachment),
    );
  });

  test("it refuses the NIC that carries the SSH session in these words", async () => {
    const { run, say } = onXen1();
    const { failures } = await run.check("AssignableDevice", { device: "0000:00:03.0" });
    expect(failures).toHaveLength(1);
    expect(chapter("The NIC")).toContain(say("AssignableDevice", "nic", failures[0]?.reason ?? ""));
  });

  test("destroy gives the device back", async () => {
    const nic = await onXen1().run.create("AssignableDevice", { device: "0000:01:00.0" }, "nic");
    const { run, say } = onXen1();
    await run.delete(nic);
    expect(chapter("Destroy")).toContain(say("AssignableDevice", "nic", run.lines.join("\n")));
  });
});

/** Which simulated hosts a row of the table is about, by the first words of the row and who manages its VMs. */
const PROFILES_OF_ROWS: Readonly<Record<string, readonly string[]>> = {
  "Debian 12 with Xen 4.17, `xl`": ["debian-xl", "debian-xl-in-use", "debian-xl-own-kernel"],
  "Debian 12 with Xen 4.17, libvirt": [],
  "Debian 12 with KVM, libvirt": ["debian-kvm", "debian-kvm-gpu"],
  "other Linux with Xen 4.2 to 4.22, `xl`": ["xl-4.2"],
  "RHEL 6 and later, and other Linux with KVM, libvirt": [],
  "RHEL 5 with KVM, libvirt": ["rhel-kvm"],
  "XenServer 7 and 8, XCP-ng 8, XAPI": ["xenserver-7", "xcpng-8.3"],
  "Xen with `/etc/xen/pciback.conf`, `xl` or `xm`": ["pciback-conf"],
  "RHEL 5 and others with xend, `xm`": ["rhel5-xen"],
};

describe("Hosts", () => {
  const rows = tableRows(section(readme, "Hosts")).map(([host, toolstack, status, mechanisms = ""]) => ({
    name: `${host}, ${toolstack}`,
    status,
    mechanisms: codeSpans(mechanisms),
  }));

  test("every simulated host is in a row", () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(PROFILES_OF_ROWS));
    expect(Object.values(PROFILES_OF_ROWS).flat().sort()).toEqual([...PROFILE_NAMES].sort());
  });

  test("supported are the hosts of the lab, and nothing else", () => {
    const supported = rows.filter(({ status }) => status === "Supported").map(({ name }) => name);
    expect(supported.every((name) => /^Debian 12 with (Xen 4\.17|KVM)/.test(name))).toBe(true);
    expect(rows.map(({ status }) => status)).toEqual(
      rows.map(({ name }) => (supported.includes(name) ? "Supported" : "Simulated only")),
    );
  });

  test.each(
    rows.flatMap(({ name, mechanisms }) => (PROFILES_OF_ROWS[name] ?? []).map((profile) => ({ profile, mechanisms }))),
  )("$profile hides a network card by one of $mechanisms", async ({ profile, mechanisms }) => {
    const host = await startSimulatedHost({ name: "host", profile });
    const { address, port, user, identityFile, hostKey } = host;
    const login = HostInput.parse({ address, port, user, identityFile, hostKey });
    const facts = await createHosts()(login).facts("work", { vmConfigPaths: [], libvirt: false });
    const cards = [...facts.pciDevices.values()].filter(({ identity }) => identity.class.startsWith("0200"));
    const chosen = chooseMechanism(facts, cards.slice(-1), { mechanism: "auto", driver: undefined });
    if (chosen.kind === "mechanism") expect(mechanisms).toContain(chosen.mechanism.name);
    else expect(mechanisms).toEqual([]);
    await host.stop();
  });
});

test("docs/hosts.md explains every mechanism", () => {
  const explained = tableRows(section(read("docs/hosts.md"), "Mechanisms")).flatMap(([name = ""]) => codeSpans(name));
  expect([...explained].sort()).toEqual([...HIDE_MECHANISM_NAMES].sort());
});
