import fs from "node:fs";
import path from "node:path";

const ROOT = path.dirname(path.dirname(__dirname));

/** What people read, from the root of the repository: the README, and everything in docs/ and examples/. */
export const PAGES: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...["docs", "examples"].flatMap(markdownIn),
];

function markdownIn(folder: string): readonly string[] {
  return fs
    .readdirSync(path.join(ROOT, folder), { encoding: "utf8", recursive: true })
    .filter((file) => file.endsWith(".md") && !file.includes("node_modules"))
    .map((file) => path.posix.join(folder, file))
    .sort();
}

/** The text of a file of the repository. */
export function readPage(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), "utf8");
}

/** Whether the repository has a file or folder. */
export function exists(file: string): boolean {
  return fs.existsSync(path.join(ROOT, file));
}
