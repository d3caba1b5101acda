import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { IMAGE_FILES } from "./image";
import { findOrBuild, type ImageRecipe } from "./image-cache";

let cache: string;
let builds: number;

beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), "image-cache-"));
  builds = 0;
});

afterEach(() => fs.rmSync(cache, { recursive: true, force: true }));

const recipe: ImageRecipe = {
  key: "0123abcd",
  files: IMAGE_FILES,
  async build(folder) {
    builds++;
    for (const file of IMAGE_FILES) fs.writeFileSync(path.join(folder, file), `this is ${file}\n`);
  },
};

const find = (): Promise<string> => findOrBuild(recipe, cache, () => {});

test("an image is built once", async () => {
  const entry = await find();
  expect(await find()).toBe(entry);
  expect(fs.readdirSync(entry).sort()).toEqual([...IMAGE_FILES, "manifest.json"].sort());
  expect(builds).toBe(1);
});

test("whoever comes while it is built waits for it", async () => {
  const [first, second] = await Promise.all([find(), find()]);
  expect(second).toBe(first);
  expect(builds).toBe(1);
});

test.each([
  ["a file that was cut off", (entry: string) => fs.truncateSync(path.join(entry, "disk.qcow2"), 3)],
  ["a missing file", (entry: string) => fs.rmSync(path.join(entry, "initrd"))],
  ["a missing manifest", (entry: string) => fs.rmSync(path.join(entry, "manifest.json"))],
])("%s has it built again", async (_damage, damage) => {
  damage(await find());
  const entry = await find();
  expect(fs.readFileSync(path.join(entry, "disk.qcow2"), "utf8")).toBe("this is disk.qcow2\n");
  expect(builds).toBe(2);
});

test("a build that fails leaves nothing behind", async () => {
  const failing: ImageRecipe = {
    ...recipe,
    async build(folder, say) {
      await recipe.build(folder, say);
      throw new Error("no space left");
    },
  };
  await expect(findOrBuild(failing, cache, () => {})).rejects.toThrow("no space left");
  expect(fs.readdirSync(cache)).toEqual([]);
});

test("a build removes the drafts of killed builds and what nobody used for a week", async () => {
  const daysAgo = (days: number): Date => new Date(Date.now() - days * 24 * 60 * 60_000);
  const plant = (name: string, days: number): void => {
    fs.mkdirSync(path.join(cache, name));
    fs.utimesSync(path.join(cache, name), daysAgo(days), daysAgo(days));
  };
  plant("0123abcd.draft-killed", 0);
  plant("aaaa", 8);
  plant("bbbb", 6);
  await find();
  expect(fs.readdirSync(cache).sort()).toEqual(["0123abcd", "bbbb"]);
});

test("use keeps an image young", async () => {
  const entry = await find();
  fs.utimesSync(entry, 0, 0);
  await find();
  expect(Date.now() - fs.statSync(entry).mtimeMs).toBeLessThan(60 * 60_000);
});
