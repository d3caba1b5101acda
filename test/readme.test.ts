import fs from "node:fs";
import path from "node:path";
import { GUARD_NAMES, isFinal } from "../provider/plan/guards/guards";
import { HostInput } from "../provider/plan/inputs/host-input";
import * as sdk from "../sdk";
import { type SimulatedHost, startSimulatedHost } from "../simulator";
import { Deployment } from "./contract/deployment";

const ROOT = path.dirname(__dirname);
const readme = read("README.md");

function read(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), "utf8");
}

/** The text from a heading to the next one of any level. */
function section(heading: string): string {
  const [, found] = readme.split(new RegExp(`^#+ ${heading}$`, "m"));
  if (found === undefined) throw new Error(`the README has no section "${heading}"`);
  return found.split(/^#+ /m)[0] ?? "";
}

/** The fenced blocks of a text, in order. */
function blocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? "");
}

function codeSpans(markdown: string): readonly string[] {
  return [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? "");
}

/** The rows of the first table without its head, each as its cells. */
function rows(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

test("the program is the one of examples/quickstart, which is type-checked", () => {
  expect(blocks(readme)[0]).toBe(read("examples/quickstart/index.ts"));
});

describe("What preview says", () => {
  const [effects, refusal] = blocks(section("What preview says"));
  let host: SimulatedHost;
  beforeAll(async () => {
    host = await startSimulatedHost({ name: "xen1", profile: "debian-xl" });
  });
  afterAll(() => host.stop());

  test("is what it says of the program", async () => {
    const device = "0000:01:00.0";
    const preview = new Deployment(host);
    await preview.check("AssignableDevice", { device }, "assignable");
    await preview.check("VmPciAttachment", { device, vm: "web1" }, "attachment");
    const [assignable, attachment] = preview.lines.map((line) => line.replaceAll(/^/gm, "  "));
    expect(
      `AssignableDevice (assignable):\n${assignable}\nVmPciAttachment (attachment):\n${attachment}\n`.replaceAll(
        host.address,
        "xen1",
      ),
    ).toBe(effects);
  });

  test("is what it says of the NIC that carries the SSH session", async () => {
    const { failures } = await new Deployment(host).check("AssignableDevice", { device: "0000:00:03.0" });
    expect(failures.map(({ reason }) => `${reason}\n`.replaceAll(host.address, "xen1"))).toEqual([refusal]);
  });
});

test("every guard is explained, and whether it can be overridden", () => {
  const text = section("What it refuses");
  const table = rows(text).map(([name = "", , allow]) => ({ guard: name.replaceAll("`", ""), allow }));
  expect(table).toEqual(
    table.map(({ guard }) => ({
      guard,
      allow: GUARD_NAMES.some((name) => name === guard && isFinal(name)) ? "no" : "yes",
    })),
  );
  const [, judgeNothing = ""] = /The name ([\s\S]*?) is taken, and judges nothing yet/.exec(text) ?? [];
  expect([...table.map(({ guard }) => guard), ...codeSpans(judgeNothing)].sort()).toEqual([...GUARD_NAMES].sort());
});

test("every input of a host is named", () => {
  const [sentence = ""] = section("Connections").split("\n\n").filter(Boolean);
  expect(codeSpans(sentence).slice(1).sort()).toEqual(Object.keys(HostInput.shape).sort());
});

test("every resource and every function is explained", () => {
  const explained = rows(section("What it does")).map(([name = ""]) => name.replaceAll("`", ""));
  const { HostResource: _, PciResource: __, ...exported } = sdk;
  const isClass = (name: string) => /^[A-Z]/.test(name);
  expect(explained.sort()).toEqual(Object.keys(exported).filter(isClass).sort());
  const functions = Object.keys(exported).filter((name) => !isClass(name));
  const words = codeSpans(section("What it does")).map((span) => span.split("(")[0]);
  expect(words).toEqual(expect.arrayContaining(functions));
});

const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/decisions.md"];

test.each(DOCUMENTS)("%s names npm scripts that exist", (file) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...read(file).matchAll(/\bnpm (?:run ([\w:]+)|(test)\b)/g)].map(([, run, test]) => run ?? test);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test.each(DOCUMENTS)("%s links to files and sections that exist", (file) => {
  const text = read(file);
  const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(
    ([, title = ""]) => `#${title.toLowerCase().replace(/ /g, "-")}`,
  );
  const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
  const missing = targets.filter((target) =>
    target.startsWith("#") ? !anchors.includes(target) : !fs.existsSync(path.join(ROOT, path.dirname(file), target)),
  );
  expect(missing).toEqual([]);
});

test.each(["CONTRIBUTING.md", "docs/decisions.md"])("%s names files of the repository that exist", (file) => {
  const named = codeSpans(read(file)).filter((span) =>
    /^(provider|sdk|simulator|cli|scripts|test|examples|docs)\/[\w./-]+$/.test(span),
  );
  expect(named.filter((name) => !fs.existsSync(path.join(ROOT, name)))).toEqual([]);
});
