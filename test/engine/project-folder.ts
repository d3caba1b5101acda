import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export const CHECKOUT = path.resolve(__dirname, "../..");

/** What a project runs: JavaScript for its index.js, a Pulumi.yaml with the program in it, or a folder that is copied. */
export type Program =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "yaml"; readonly text: string }
  | { readonly kind: "folder"; readonly folder: string };

/** The folders of one Pulumi project, all under one temporary folder that goes with it. */
export interface ProjectFolder {
  readonly root: string;
  /** Where Pulumi.yaml is, and the working directory of the program and of the provider. */
  readonly project: string;
  readonly home: string;
  readonly pulumiHome: string;
  readonly backend: string;
}

/** Lays out a Pulumi project in a fresh temporary folder, with the package installed from the checkout's dist/. */
export function layOutProject(program: Program): ProjectFolder {
  // realpath: os.tmpdir() is a symlink on macOS, and what a program prints of its paths is resolved.
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-pci-passthrough-")));
  const under = (name: string): string => path.join(root, name);
  const folder = {
    root,
    project: under("project"),
    home: under("home"),
    pulumiHome: under("pulumi-home"),
    backend: under("backend"),
  };
  for (const each of [folder.project, folder.home, folder.pulumiHome, folder.backend]) fs.mkdirSync(each);
  if (program.kind === "folder") copyProgram(program.folder, folder.project);
  else writeProgram(folder, program);
  writeIfMissing(path.join(folder.project, "Pulumi.yaml"), pulumiYaml(folder.project));
  writeIfMissing(path.join(folder.project, "package.json"), '{ "name": "engine-test", "private": true }\n');
  linkPackages(path.join(folder.project, "node_modules"));
  return folder;
}

/** Writes the file with the program. */
export function writeProgram(folder: ProjectFolder, { kind, text }: Exclude<Program, { kind: "folder" }>): void {
  fs.writeFileSync(path.join(folder.project, kind === "yaml" ? "Pulumi.yaml" : "index.js"), text);
}

/** The runtime that the Pulumi.yaml of a project names: `nodejs`, `yaml`. */
export function runtimeOf(folder: ProjectFolder): string | undefined {
  const text = fs.readFileSync(path.join(folder.project, "Pulumi.yaml"), "utf8");
  return /^runtime:\s*(?:name:\s*)?(\w+)/m.exec(text)?.[1];
}

function copyProgram(from: string, to: string): void {
  fs.cpSync(from, to, { recursive: true, filter: (file) => path.basename(file) !== "node_modules" });
}

function pulumiYaml(project: string): string {
  const typescript = fs.existsSync(path.join(project, "index.ts"));
  return `name: engine-test\nruntime:\n  name: nodejs\n  options:\n    typescript: ${typescript}\n`;
}

function writeIfMissing(file: string, text: string): void {
  if (!fs.existsSync(file)) fs.writeFileSync(file, text);
}

/**
 * What `npm install pulumi-pci-passthrough` would leave, as links. Node resolves them to the checkout, so the package's
 * own dependencies come from there, and the program and the package share one @pulumi/pulumi.
 */
function linkPackages(nodeModules: string): void {
  fs.mkdirSync(nodeModules);
  fs.symlinkSync(CHECKOUT, path.join(nodeModules, "pulumi-pci-passthrough"), "dir");
  for (const name of ["@pulumi", "@types", "typescript"])
    fs.symlinkSync(path.join(CHECKOUT, "node_modules", name), path.join(nodeModules, name), "dir");
}
