import * as pulumi from "@pulumi/pulumi";

const PROVIDER = "pulumi-pci-passthrough/provider";

/** The module that runs a program for the engine, in the program's folder. Other processes run programs anywhere. */
const RUNNER = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run[\\/]/;

/** Each resource asks, and a look takes a third of a millisecond. */
const found = new Set<string>();

/**
 * Throws RunError where the engine's provider process will not find the provider: it looks from the program's folder, and
 * a package that only a library of the program has is not seen from there. `main` is the main module of this process.
 */
export function requireInstalled(main = require.main?.filename, folder = process.cwd()): void {
  if (main === undefined || !RUNNER.test(main) || found.has(folder)) return;
  // Our own `require` finds us wherever we are.
  const { createRequire } = require("node:module") as typeof import("node:module");
  try {
    createRequire(`${folder}/index.js`).resolve(PROVIDER);
    found.add(folder);
  } catch {
    throw new pulumi.RunError(
      `Unable to find ${PROVIDER} from ${folder}, where the engine looks for it. Add pulumi-pci-passthrough to the dependencies in the package.json of the program itself`,
    );
  }
}
