import fs from "node:fs";
import path from "node:path";
import { fleetProgram } from "../../scripts/bench/programs.js";
import { BenchProject, PACKAGES } from "../../scripts/bench/project.js";
import { ReplayedHosts } from "../../scripts/bench/replayed-hosts.js";
import { findEngine, machineSurroundings } from "../../scripts/engine.js";
import { CHECKOUT } from "../engine/project-folder";

const HOSTS = 2;
const RESOURCES = 16;

let hosts: ReplayedHosts;
let project: BenchProject;
beforeAll(async () => {
  const engine = await findEngine(machineSurroundings(CHECKOUT));
  if (!engine) throw new Error("no Pulumi engine on this machine: run `node scripts/ready.js engine` first");
  hosts = await ReplayedHosts.start(HOSTS, 0);
  project = new BenchProject(engine.bin, fleetProgram(PACKAGES.dynamic, hosts.logins, RESOURCES));
  await project.pulumi(["stack", "init"]);
});
afterAll(() => {
  hosts.stop();
  project.remove();
});

/** Runs pulumi, and counts what the hosts were asked. */
async function countsOf(words: readonly string[]) {
  await project.pulumi(words);
  return hosts.counts();
}

test("a first up opens one connection a host, reads it once, and runs at most one script a resource", async () => {
  const { connections, scripts } = await countsOf(["up", "--yes", "--skip-preview"]);
  expect(connections).toBe(HOSTS);
  expect(scripts).toBeLessThanOrEqual(HOSTS + RESOURCES);
});

interface Stored {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly sourcePosition: string;
}

/** The resources in the state. */
function stored(): readonly Stored[] {
  const state = fs.readFileSync(path.join(project.folder, "state/.pulumi/stacks/bench/dev.json"), "utf8");
  const { resources } = JSON.parse(state).checkpoint.latest;
  return resources.filter(({ type }: Stored) => type.includes("dynamic"));
}

test("a resource takes at most 800 bytes of the state, besides its host and what the engine adds", () => {
  const sizes = stored().map(({ inputs, outputs }) => sizeOf(inputs) + sizeOf(outputs));
  expect(sizes).toHaveLength(RESOURCES);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(800);
});

test("the place of a resource is the line of the program that declares it", () => {
  for (const { sourcePosition } of stored()) expect(sourcePosition).toMatch(/^project:\/\/\/index\.js#/);
});

test("an up that changes nothing asks each host once", async () => {
  expect(await countsOf(["up", "--yes", "--skip-preview"])).toMatchObject({ connections: HOSTS, scripts: HOSTS });
});

test("a destroy opens one connection a host, and runs at most one script a resource, which reads the host, too", async () => {
  const { connections, scripts } = await countsOf(["destroy", "--yes", "--skip-preview"]);
  expect(connections).toBe(HOSTS);
  expect(scripts).toBeLessThanOrEqual(RESOURCES);
});

function sizeOf({ host: _, ...rest }: Readonly<Record<string, unknown>> = {}): number {
  return JSON.stringify(rest).length;
}
