import fs from "node:fs";
import path from "node:path";
import { findCached, findOrBuild, type Recipe } from "../../scripts/engine-cache.js";
import { temporaryFolders, writeFiles } from "./temporary-folder";

const temporaryFolder = temporaryFolders();
const silent = (): void => {};

/** A recipe that builds two small programs and counts how often. */
function stubRecipe(change: Partial<Recipe> = {}): Recipe & { readonly builds: () => number } {
  let builds = 0;
  return {
    key: "v1-stub",
    programs: ["pulumi", "pulumi-language-nodejs"],
    build: async (folder) => {
      builds += 1;
      writeFiles(folder, { pulumi: "engine", "pulumi-language-nodejs": "host" });
    },
    works: async () => true,
    ...change,
    builds: () => builds,
  };
}

test("builds once, then finds what was built", async () => {
  const cache = temporaryFolder();
  const recipe = stubRecipe();
  expect(await findCached(recipe, cache)).toBeUndefined();
  const bin = await findOrBuild(recipe, cache, silent);
  expect(fs.readdirSync(bin)).toEqual(["pulumi", "pulumi-language-nodejs"]);
  expect(await findOrBuild(recipe, cache, silent)).toBe(bin);
  expect(await findCached(recipe, cache)).toBe(bin);
  expect(recipe.builds()).toBe(1);
  expect(fs.readdirSync(cache)).toEqual(["v1-stub"]);
});

test("two at once build once, and the second says that it waits", async () => {
  const cache = temporaryFolder();
  const recipe = stubRecipe();
  const say = jest.fn();
  const [first, second] = await Promise.all([findOrBuild(recipe, cache, say), findOrBuild(recipe, cache, say)]);
  expect(first).toBe(second);
  expect(recipe.builds()).toBe(1);
  expect(say).toHaveBeenCalledWith(`Waiting for process ${process.pid}, which builds it …`);
});

test.each<[string, (entry: string) => void]>([
  ["a program is missing", (entry) => fs.rmSync(path.join(entry, "bin/pulumi-language-nodejs"))],
  ["a program is cut off", (entry) => fs.truncateSync(path.join(entry, "bin/pulumi"), 3)],
  ["a program has other bytes", (entry) => fs.writeFileSync(path.join(entry, "bin/pulumi"), "ENGINE")],
  ["the manifest is missing", (entry) => fs.rmSync(path.join(entry, "manifest.json"))],
  ["the manifest is cut off", (entry) => fs.truncateSync(path.join(entry, "manifest.json"), 9)],
  ["the folder is empty", (entry) => fs.rmSync(path.join(entry, "bin"), { recursive: true })],
])("builds again when %s", async (_, damage) => {
  const cache = temporaryFolder();
  const recipe = stubRecipe();
  const bin = await findOrBuild(recipe, cache, silent);
  damage(path.dirname(bin));
  expect(await findCached(recipe, cache)).toBeUndefined();
  await findOrBuild(recipe, cache, silent);
  expect(recipe.builds()).toBe(2);
  expect(fs.readFileSync(path.join(bin, "pulumi"), "utf8")).toBe("engine");
});

test("builds again when the programs no longer answer", async () => {
  const cache = temporaryFolder();
  const answers = [true, false, false, true];
  const recipe = stubRecipe({ works: async () => answers.shift() ?? true });
  await findOrBuild(recipe, cache, silent);
  await findOrBuild(recipe, cache, silent);
  expect(recipe.builds()).toBe(2);
});

test.each<[string, Partial<Recipe>, string]>([
  ["fails", { build: () => Promise.reject(new Error("no space left")) }, "no space left"],
  ["leaves out a program", { build: async (folder) => writeFiles(folder, { pulumi: "engine" }) }, "ENOENT"],
  ["makes programs that do not answer", { works: async () => false }, "do not answer"],
])("a build that %s leaves nothing, and the next one starts afresh", async (_, broken, message) => {
  const cache = temporaryFolder();
  await expect(findOrBuild(stubRecipe(broken), cache, silent)).rejects.toThrow(message);
  expect(fs.readdirSync(cache)).toEqual([]);
  await findOrBuild(stubRecipe(), cache, silent);
  expect(fs.readdirSync(cache)).toEqual(["v1-stub"]);
});

test("removes what a killed build left, and nothing of another recipe", async () => {
  const cache = temporaryFolder();
  writeFiles(cache, { "v1-stub.draft-abc/bin/pulumi": "half", "v2.draft-abc/bin/pulumi": "another's" });
  await findOrBuild(stubRecipe(), cache, silent);
  expect(fs.readdirSync(cache).sort()).toEqual(["v1-stub", "v2.draft-abc"]);
});
