import fs from "node:fs";
import path from "node:path";
import type { Say } from "../../scripts/command.js";
import { withLock } from "../../scripts/lock.js";

const MANIFEST = "manifest.json";
const WEEK_MS = 7 * 24 * 60 * 60_000;

/** How an image, or what is kept of a host that was booted from one, comes about. */
export interface ImageRecipe {
  /** Names everything that the result depends on; a folder name. */
  readonly key: string;
  /** What the folder holds when it is whole. */
  readonly files: readonly string[];
  /** Leaves the files in the folder. */
  build(folder: string, say: Say): Promise<void>;
}

/**
 * The folder of the recipe's image in the cache, as it was built; one that is missing or damaged is built, while a
 * second process waits.
 */
export async function findOrBuild(recipe: ImageRecipe, cache: string, say: Say): Promise<string> {
  const entry = path.join(cache, recipe.key);
  if (!isIntact(entry, recipe.files)) {
    await withLock(
      `${entry}.lock`,
      async () => {
        if (!isIntact(entry, recipe.files)) await build(recipe, entry, say);
      },
      { onWait: (holder) => say(`Waiting for process ${holder}, which builds the lab host …`) },
    );
  }
  const now = new Date();
  fs.utimesSync(entry, now, now); // the time of its last use
  return entry;
}

/**
 * Builds in a folder beside the entry and renames it into place, so that a killed build leaves nothing that looks
 * whole.
 */
async function build(recipe: ImageRecipe, entry: string, say: Say): Promise<void> {
  removeLeftovers(entry);
  const draft = fs.mkdtempSync(`${entry}.draft-`);
  try {
    await recipe.build(draft, say);
    fs.writeFileSync(path.join(draft, MANIFEST), measure(draft, recipe.files));
    fs.rmSync(entry, { recursive: true, force: true });
    fs.renameSync(draft, entry);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Removes drafts of builders that were killed (we hold the lock, so nobody works on them), and images of other recipes
 * that nobody used for a week.
 */
function removeLeftovers(entry: string): void {
  const cache = path.dirname(entry);
  for (const name of fs.readdirSync(cache)) {
    const file = path.join(cache, name);
    const usedAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (name.startsWith(`${path.basename(entry)}.draft-`) || Date.now() - usedAt > WEEK_MS)
      fs.rmSync(file, { recursive: true, force: true });
  }
}

function isIntact(entry: string, files: readonly string[]): boolean {
  try {
    return fs.readFileSync(path.join(entry, MANIFEST), "utf8") === measure(entry, files);
  } catch {
    return false; // not there, or not readable: either way there is nothing to boot
  }
}

/** Sizes, not checksums: the disk has a gigabyte, and a build that was cut off shows in its size. */
function measure(folder: string, files: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(files.map((file) => [file, fs.statSync(path.join(folder, file)).size])));
}
