#!/usr/bin/env node
// @ts-check
/**
 * Makes the archives of a release in release/, one for each platform that Pulumi's engine downloads a plugin for, and
 * tries one of them: in an empty PULUMI_HOME it is installed, listed, and previews a program. Then the SDKs that no test
 * uses.
 */
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { CommandError, runCommand } = require("./command.js");
const { findEngine, machineSurroundings } = require("./engine.js");
const { tryJavaAndDotnet } = require("./java-dotnet-sdks.js");
const { findLanguage } = require("./languages.js");
const { pulumiEnvironment } = require("./pulumi-environment.js");

const ROOT = path.dirname(__dirname);
const RELEASE = path.join(ROOT, "release");
/** GOOS and GOARCH, as the engine names them. The plugin is JavaScript: all archives have the same content. */
const PLATFORMS = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64"];

const PROGRAM = `name: release-check
runtime: yaml
resources:
  assignable:
    type: pci-passthrough:AssignableDevice
    properties:
      host: xen1
      device: "0000:01:00.0"
`;

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * The archives, each a plugin as npm packs it: without what only a checkout needs.
 *
 * @param {string} folder a temporary one
 * @returns {Promise<{ version: string, archives: readonly string[] }>}
 */
async function makeArchives(folder) {
  const packed = await runCommand("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT, say });
  await runCommand("tar", ["-xzf", path.join(folder, packed.trim()), "-C", folder]);
  const plugin = path.join(folder, "package");
  const file = path.join(plugin, "package.json");
  const { scripts, devDependencies, workspaces, peerDependencies, peerDependenciesMeta, ...kept } = JSON.parse(
    fs.readFileSync(file, "utf8"),
  );
  const dependencies = { ...kept.dependencies, "@pulumi/pulumi": peerDependencies["@pulumi/pulumi"] };
  fs.writeFileSync(file, `${JSON.stringify({ ...kept, dependencies }, null, 2)}\n`);
  fs.rmSync(RELEASE, { recursive: true, force: true });
  fs.mkdirSync(RELEASE);
  const archives = PLATFORMS.map((platform) =>
    path.join(RELEASE, `pulumi-resource-pci-passthrough-v${kept.version}-${platform}.tar.gz`),
  );
  for (const archive of archives) await runCommand("tar", ["-czf", archive, "-C", plugin, "."]);
  return { version: kept.version, archives };
}

/**
 * Throws CommandError, with what Pulumi said, when the archive does not make a plugin that works.
 *
 * @param {string} folder a temporary one
 * @param {string} version
 * @param {string} archive
 */
async function tryArchive(folder, version, archive) {
  const surroundings = machineSurroundings(ROOT);
  const engine = await findEngine(surroundings);
  const yaml = await findLanguage("yaml", surroundings, ROOT);
  if (!engine || !yaml) throw new CommandError("no Pulumi engine: run `node scripts/ready.js engine yaml` first");
  const project = path.join(folder, "project");
  const backend = path.join(folder, "backend");
  for (const each of [project, backend]) fs.mkdirSync(each);
  fs.writeFileSync(path.join(project, "Pulumi.yaml"), PROGRAM);
  const env = {
    ...process.env,
    PATH: [engine.bin, yaml.bin, process.env.PATH].join(path.delimiter),
    ...pulumiEnvironment({ home: path.join(folder, "pulumi-home"), backend }),
    PCI_PASSTHROUGH_OFFLINE: "1",
  };
  const pulumi = (/** @type {string[]} */ ...args) =>
    runCommand("pulumi", [...args, "--non-interactive"], { cwd: project, env, say });
  await pulumi("plugin", "install", "resource", "pci-passthrough", version, "--file", archive);
  const listed = await pulumi("plugin", "ls");
  if (!listed.includes("pci-passthrough"))
    throw new CommandError(`the plugin is installed, but not listed:\n${listed}`);
  say(listed.trim());
  await pulumi("stack", "init", "dev");
  say((await pulumi("preview")).trim());
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-pci-passthrough-release-"));
  try {
    const { version, archives } = await makeArchives(folder);
    const [first = ""] = archives;
    await tryArchive(folder, version, first);
    await tryJavaAndDotnet(ROOT, folder, say);
    say(`\n${path.basename(first)} works. All archives are in ${RELEASE}:`);
    for (const archive of archives) say(`  ${path.basename(archive)}  ${fs.statSync(archive).size} bytes`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  process.stderr.write(`${error instanceof CommandError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
