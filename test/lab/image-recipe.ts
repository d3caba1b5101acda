import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { cacheFolder } from "../../scripts/cache-folder.js";
import { runCommand, type Say } from "../../scripts/command.js";
import { finishDisk } from "./first-boot";
import { IMAGE_FILES, type LabImage, readImage } from "./image";
import { findOrBuild } from "./image-cache";

const RECIPE = path.join(__dirname, "recipe");

/** Where images are kept, and what was saved of hosts that were booted from them. */
export const LAB_CACHE = path.join(cacheFolder(), "lab");

/**
 * The image of the recipe as it is in this checkout, from the cache, or built now (about 5 minutes). Building needs
 * root and a Debian or Ubuntu machine, booting only the packages. A second process waits for the first one's build.
 * Throws CommandError with the end of what the failing command said.
 */
export async function findOrBuildImage(say: Say): Promise<LabImage> {
  await runCommand(path.join(RECIPE, "install-packages.sh"), [], { say });
  const entry = await findOrBuild({ key: digestRecipe(), files: IMAGE_FILES, build }, LAB_CACHE, say);
  return readImage(entry);
}

async function build(folder: string, say: Say): Promise<void> {
  say("Making the root file system of the lab host: Debian 12 with Xen 4.17 …");
  // mmdebstrap mounts /proc, /sys and /dev/pts in it. In a namespace of its own they end with a build that is killed:
  // removing its draft would otherwise go on into this machine's own.
  const script = path.join(RECIPE, "root-file-system.sh");
  await runCommand("unshare", ["--mount", "--propagation", "private", script, folder], { say });
  say("Making its disk …");
  await runCommand(path.join(RECIPE, "disk.sh"), [folder], { say });
  say("Booting it for the first time, to install GRUB …");
  await finishDisk(readImage(folder), fs.readFileSync(path.join(RECIPE, "first-boot.sh"), "utf8"), say);
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
