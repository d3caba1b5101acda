import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { cacheFolder } from "../../scripts/cache-folder.js";
import { runCommand, type Say } from "../../scripts/command.js";
import { withLock } from "../../scripts/lock.js";
import { finishDisk } from "./first-boot";
import { IMAGE_FILES, type LabImage, readImage } from "./image";

const RECIPE = path.join(__dirname, "recipe");
const MANIFEST = "manifest.json";

/**
 * The image of the recipe as it is in this checkout, from the cache, or built now (about 5 minutes). Building needs root
 * and a Debian or Ubuntu machine, booting only the packages. A second process waits for the first one's build. Throws
 * CommandError with the end of what the failing command said.
 */
export async function findOrBuildImage(say: Say): Promise<LabImage> {
  await runCommand(path.join(RECIPE, "install-packages.sh"), [], { say });
  const entry = path.join(cacheFolder(), "lab", digestRecipe());
  if (!isIntact(entry)) {
    await withLock(
      `${entry}.lock`,
      async () => {
        if (!isIntact(entry)) await build(entry, say);
      },
      { onWait: (holder) => say(`Waiting for process ${holder}, which builds the lab host …`) },
    );
  }
  return readImage(entry);
}

/** Builds in a folder beside the entry and renames it into place, so that a killed build leaves nothing that looks whole. */
async function build(entry: string, say: Say): Promise<void> {
  removeLeftovers(entry);
  const draft = fs.mkdtempSync(`${entry}.draft-`);
  try {
    say("Making the root file system of the lab host: Debian 12 with Xen 4.17 …");
    await runCommand(path.join(RECIPE, "root-file-system.sh"), [draft], { say });
    say("Making its disk …");
    await runCommand(path.join(RECIPE, "disk.sh"), [draft], { say });
    say("Booting it for the first time, to install GRUB …");
    await finishDisk(readImage(draft), fs.readFileSync(path.join(RECIPE, "first-boot.sh"), "utf8"), say);
    fs.writeFileSync(path.join(draft, MANIFEST), measure(draft));
    fs.rmSync(entry, { recursive: true, force: true });
    fs.renameSync(draft, entry);
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Drafts of builders that were killed: we hold the lock, so nobody works on them. */
function removeLeftovers(entry: string): void {
  for (const name of fs.readdirSync(path.dirname(entry)))
    if (name.startsWith(`${path.basename(entry)}.draft-`))
      fs.rmSync(path.join(path.dirname(entry), name), { recursive: true, force: true });
}

function isIntact(entry: string): boolean {
  try {
    return fs.readFileSync(path.join(entry, MANIFEST), "utf8") === measure(entry);
  } catch {
    return false; // not there, or not readable: either way there is nothing to boot
  }
}

/** Sizes, not checksums: the disk has a gigabyte, and a build that was cut off shows in its size. */
function measure(folder: string): string {
  return JSON.stringify(
    Object.fromEntries(IMAGE_FILES.map((file) => [file, fs.statSync(path.join(folder, file)).size])),
  );
}

function digestRecipe(): string {
  const digest = createHash("sha256");
  const files = fs
    .readdirSync(RECIPE, { recursive: true, encoding: "utf8" })
    .filter((file) => fs.statSync(path.join(RECIPE, file)).isFile())
    .sort();
  for (const file of files) {
    const text = fs.readFileSync(path.join(RECIPE, file));
    digest.update(`${file}\0${text.length}\0`).update(text);
  }
  return digest.digest("hex").slice(0, 16);
}
