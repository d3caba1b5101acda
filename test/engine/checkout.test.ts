import fs from "node:fs";
import path from "node:path";
import { dependenciesInstalled } from "../../scripts/dependencies.js";
import { buildDist, distIsFresh } from "../../scripts/dist.js";
import { temporaryFolders, writeFiles } from "./temporary-folder";

const temporaryFolder = temporaryFolders();

describe("dependencies", () => {
  const zod = { version: "4.0.0", integrity: "sha512-a" };
  const wanted = { "": { version: "0.1.0" }, "node_modules/zod": zod };

  test.each<[string, object, object | undefined, boolean]>([
    ["as locked", wanted, { "node_modules/zod": zod }, true],
    ["more than locked", wanted, { "node_modules/zod": zod, "node_modules/extra": { version: "1.0.0" } }, true],
    ["no installation, or one that was broken off", wanted, undefined, false],
    ["a package missing", wanted, {}, false],
    ["another version", wanted, { "node_modules/zod": { ...zod, version: "3.0.0" } }, false],
    ["another tarball", wanted, { "node_modules/zod": { ...zod, integrity: "sha512-b" } }, false],
    ["an optional package for another system missing", { "node_modules/zod": { ...zod, optional: true } }, {}, true],
  ])("%s", (_, locked, installed, expected) => {
    const root = temporaryFolder();
    writeFiles(root, { "package-lock.json": JSON.stringify({ packages: locked }) });
    if (installed) writeFiles(root, { "node_modules/.package-lock.json": JSON.stringify({ packages: installed }) });
    expect(dependenciesInstalled(root)).toBe(expected);
  });
});

describe("dist", () => {
  /**
   * A checkout whose `npm run build` copies sources, but like tsc only while .tsbuildinfo is missing or says "changed".
   */
  function checkout(): string {
    const root = temporaryFolder();
    const build =
      "mkdir -p dist/sdk; [ -e dist/.tsbuildinfo ] || cp sdk/index.ts dist/sdk/index.js; touch dist/.tsbuildinfo";
    writeFiles(root, {
      "package.json": JSON.stringify({ scripts: { build } }),
      "package-lock.json": "{}",
      "tsconfig.json": "{}",
      "tsconfig.build.json": JSON.stringify({ include: ["sdk", "cli"] }),
      "sdk/index.ts": "1",
    });
    return root;
  }
  const silent = (): void => {};

  test("is fresh once built", async () => {
    const root = checkout();
    expect(distIsFresh(root)).toBe(false);
    await buildDist(root, silent);
    expect(distIsFresh(root)).toBe(true);
  });

  test.each<[string, (root: string) => void]>([
    ["a source changed", (root) => writeFiles(root, { "sdk/index.ts": "2" })],
    ["a source came", (root) => writeFiles(root, { "cli/main.ts": "1" })],
    ["a source went", (root) => fs.rmSync(path.join(root, "sdk/index.ts"))],
    ["another compiler may be installed", (root) => writeFiles(root, { "package-lock.json": "{ }" })],
    ["its record went", (root) => fs.rmSync(path.join(root, "dist/.ready"))],
    ["an output went", (root) => fs.rmSync(path.join(root, "dist/sdk/index.js"))],
  ])("is not fresh when %s", async (_, change) => {
    const root = checkout();
    await buildDist(root, silent);
    change(root);
    expect(distIsFresh(root)).toBe(false);
  });

  test("brings back an output that was deleted, which an incremental compiler would leave out", async () => {
    const root = checkout();
    await buildDist(root, silent);
    fs.rmSync(path.join(root, "dist/sdk"), { recursive: true });
    await buildDist(root, silent);
    expect(distIsFresh(root)).toBe(true);
  });

  test("a failed build says why and does not count", async () => {
    const root = checkout();
    writeFiles(root, { "package.json": JSON.stringify({ scripts: { build: "echo 'error TS2322'; exit 2" } }) });
    await expect(buildDist(root, silent)).rejects.toThrow("error TS2322");
    expect(distIsFresh(root)).toBe(false);
  });
});
