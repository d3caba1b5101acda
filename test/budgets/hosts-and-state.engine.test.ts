import fs from "node:fs";
import path from "node:path";
import { BenchProject } from "../../scripts/bench/project.js";
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
  project = new BenchProject(engine.bin, "pulumi-pci-passthrough", hosts.logins, RESOURCES);
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

test("a resource takes at most 1,200 bytes of the state, besides its host and what the engine adds", () => {
  const state = fs.readFileSync(path.join(project.folder, "state/.pulumi/stacks/bench/dev.json"), "utf8");
  const { resources } = JSON.parse(state).checkpoint.latest;
  const sizes = resources.flatMap(({ type, inputs, outputs }: Record<string, Record<string, unknown> & string>) =>
    type?.includes("dynamic") ? [sizeOf(inputs) + sizeOf(outputs)] : [],
  );
  expect(sizes).toHaveLength(RESOURCES);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1200);
});

test("an up that changes nothing asks each host once", async () => {
  expect(await countsOf(["up", "--yes", "--skip-preview"])).toMatchObject({ connections: HOSTS, scripts: HOSTS });
});

test("a destroy opens one connection a host, reads it once, and runs at most one script a resource", async () => {
  const { connections, scripts } = await countsOf(["destroy", "--yes", "--skip-preview"]);
  expect(connections).toBe(HOSTS);
  expect(scripts).toBeLessThanOrEqual(HOSTS + RESOURCES);
});

function sizeOf({ host: _, ...rest }: Readonly<Record<string, unknown>> = {}): number {
  return JSON.stringify(rest).length;
}
