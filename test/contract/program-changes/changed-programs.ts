import type { SimulatedHost } from "../../../simulator";
import type { Profile } from "../../../simulator/machine";
import { findProfile } from "../../../simulator/profiles/profiles";
import { startHostOf } from "../../../simulator/simulated-host";
import { PulumiProject, type PulumiRun } from "../../engine/pulumi-project";
import { FORETOLD_ONLY, linesByResource } from "../shown-lines";
import { output } from "../test-host";
import { hostTexts, hostView } from "./host-view";
import type { ChangesOnHost, ProgramChange } from "./program-change";

/** One change with its host, and what was seen of it. */
interface Case {
  readonly name: string;
  readonly change: ProgramChange;
  readonly host: SimulatedHost;
  readonly untouched: readonly string[];
  readonly texts: string;
}

// Many simulated hosts share a process: on a slow machine each of them is slow.
const ENV = { PCI_PASSTHROUGH_CONNECT_TIMEOUT: "120" };
const SAFETY = { confirmSeconds: 600 };
const ALL_HOSTS_MS = 30 * 60_000;

/**
 * Carries changes of programs out on the real engine, each on a host of its own, and all in one program and one run: an
 * engine takes seconds to start. A change that is refused ends its run, so those come one by one.
 */
export function changedPrograms(all: readonly ChangesOnHost[]): void {
  let project: PulumiProject;
  let cases: readonly Case[] = [];
  const runs: Partial<Record<"preview" | "up", PulumiRun>> = {};
  const becomes = new Map<string, readonly string[]>();
  const left = new Map<string, { readonly view: readonly string[]; readonly texts: string }>();
  const titles = all
    .flatMap(({ profile, changes }) =>
      changes.map((change) => ({ change, profile, name: `${profile}: ${change.title}` })),
    )
    .filter(({ name }) => new RegExp(process.env.PROGRAM_CHANGES ?? "").test(name));

  const failures: string[] = [];
  const succeeds = async (run: Promise<PulumiRun>): Promise<PulumiRun> => {
    const ended = await run;
    if (ended.exitCode !== 0) failures.push(ended.output);
    return ended;
  };
  const ALL = { args: ["--continue-on-error"] };

  /** The programs of all cases, or of those with these numbers. */
  const setProgram = (isAfter: (example: Case) => boolean, only: readonly number[] = [...cases.keys()]) => {
    const blocks = cases.map((example, index) =>
      block(example, index, isAfter(example) ? example.change.after : example.change.before),
    );
    const text = blocks.filter((_, index) => only.includes(index)).join("");
    project.setProgram(`const all = require("pulumi-pci-passthrough");\n${text}`);
  };

  beforeAll(async () => {
    project = await PulumiProject.create({ kind: "text", text: "" }, ENV);
    cases = await Promise.all(
      titles.map(async ({ change, profile, name }, index) => {
        const host = await startHostOf(profileOf(profile, index), { name: `host${index}` });
        if (change.given !== undefined) await output(host, change.given);
        return { name, change, host, untouched: await hostView(host), texts: await hostTexts(host) };
      }),
    );
    setProgram(() => false);
    await succeeds(project.up(ALL));
    for (const { host, change } of cases) if (change.meanwhile !== undefined) await output(host, change.meanwhile);
    setProgram(({ change }) => change.refused === undefined);
    runs.preview = await succeeds(project.preview());
    runs.up = await succeeds(project.up(ALL));
    await succeeds(project.preview({ args: ["--expect-no-changes"] }));
    for (const { name, host, untouched } of cases)
      becomes.set(
        name,
        (await hostView(host)).filter((line) => !untouched.includes(line)),
      );
  }, ALL_HOSTS_MS);

  afterAll(async () => {
    await project?.dispose();
    await Promise.all(cases.map(({ host }) => host.stop()));
  });

  const found = (name: string) => {
    const index = cases.findIndex((example) => example.name === name);
    const example = cases[index];
    if (!example) throw new Error(`no case ${name}`);
    return { index, ...example };
  };
  const effects = (run: PulumiRun | undefined, index: number) =>
    [...linesByResource(run?.output ?? "")]
      .filter(([resource]) => resource.startsWith(prefix(index)))
      .flatMap(([resource, lines]) =>
        lines
          .filter((line) => !FORETOLD_ONLY.test(line))
          .map((line) => `${resource.slice(prefix(index).length)}: ${line.replace("127.0.0.1: ", "")}`),
      )
      .sort();

  test.each(titles.filter(({ change }) => !change.refused))("$name", ({ name, change }) => {
    const { index } = found(name);
    const foreseen = (line: string) => !change.unforeseen?.test(line);
    expect(effects(runs.up, index).filter(foreseen)).toEqual(effects(runs.preview, index).filter(foreseen));
    if (change.says) expect(effects(runs.preview, index)).toContainEqual(expect.stringMatching(change.says));
    expect(becomes.get(name)).toEqual(change.becomes ?? []);
  });

  test("no run fails", () => expect(failures).toEqual([]));

  const refused = titles.filter(({ change }) => change.refused);
  if (refused.length > 0)
    test.each(refused)("refused on $name", async ({ name, change }) => {
      const { index } = found(name);
      setProgram((example) => example.name === name, [index]);
      const only = { args: ["--target", `**::${prefix(index)}*`] };
      for (const run of [await project.preview(only), await project.up(only)]) {
        expect(run.exitCode).not.toBe(0);
        expect(run.output).toMatch(change.refused as RegExp);
      }
      const { host, untouched } = found(name);
      expect((await hostView(host)).filter((line) => !untouched.includes(line))).toEqual(change.becomes ?? []);
    });

  describe("destroy gives back", () => {
    beforeAll(async () => {
      failures.splice(0);
      for (const { host, change } of cases) if (change.stop !== undefined) await output(host, change.stop);
      await succeeds(project.destroy(ALL));
      for (const { name, host } of cases) left.set(name, { view: await hostView(host), texts: await hostTexts(host) });
    }, ALL_HOSTS_MS);

    test("without an error", () => expect(failures).toEqual([]));

    test.each(titles)("$name", ({ name, change }) => {
      const { untouched, texts } = found(name);
      const after = left.get(name);
      expect(after?.view.filter((line) => !untouched.includes(line))).toEqual(change.left ?? []);
      if (change.left) return;
      expect(after?.view).toEqual(untouched);
      expect(after?.texts).toBe(texts);
    });
  });
}

/** XenServer and XCP-ng are known by the uuid of their installation, which a profile has from one host. */
function profileOf(name: string, index: number): Profile {
  const profile = findProfile(name);
  const { xapi, files } = profile;
  if (!xapi) return profile;
  const ownUuid = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  const own: Pick<Profile, "xapi" | "files"> = JSON.parse(
    JSON.stringify({ xapi, files }).replaceAll(xapi.hostUuid, ownUuid),
  );
  return { ...profile, ...own };
}

function prefix(index: number): string {
  return `case${index}-`;
}

/** The part of the program for one host, whose names get a prefix. */
function block({ host }: Case, index: number, text: string): string {
  const { address, port, user, identityFile, hostKey } = host;
  return `{
const host = ${JSON.stringify({ address, port, user, identityFile, hostKey, safety: SAFETY })};
const pci = Object.fromEntries(Object.entries(all).filter(([, kind]) => kind.prototype).map(([name, kind]) =>
  [name, class extends kind { constructor(label, ...more) { super("${prefix(index)}" + label, ...more); } }]));
${text}}
`;
}
