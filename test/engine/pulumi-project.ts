import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type Engine, findEngine, machineSurroundings } from "../../scripts/engine.js";
import { findLanguage, type LanguageTools } from "../../scripts/languages.js";
import { pulumiEnvironment } from "../../scripts/pulumi-environment.js";
import { CHECKOUT, layOutProject, type Program, type ProjectFolder, runtimeOf, writeProgram } from "./project-folder";
import { parseStackExport, type StackState } from "./stack-state";

const STACK = "dev";

/** Looked for once a test file: the check of all bytes of a built engine takes a third of a second. */
let engine: Promise<Engine | undefined> | undefined;

/** How one run of `pulumi` ended. */
export interface PulumiRun {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Standard output and standard error in the order they came, without colours. */
  readonly output: string;
  /** The same as it came, with the colours that `--color always` asks for. */
  readonly colored: string;
}

export interface RunOptions {
  /** Added to the environment of this run: of the engine, the program and the provider. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments: `["--diff"]`, `["--expect-no-changes"]`, `["--target", urn]`. */
  readonly args?: readonly string[];
}

/**
 * A Pulumi project with one stack, run by the real engine: offline, with its state in a folder of its own, and with
 * nothing of the environment of the person who runs the tests (no SSH agent, no ~/.ssh, no Pulumi login).
 *
 *     const project = await PulumiProject.create({ kind: "text", text: `require("pulumi-pci-passthrough") …` });
 *     const { exitCode, output } = await project.up();
 *     await project.dispose();
 */
export class PulumiProject {
  private running: ChildProcess | undefined;

  private constructor(
    private readonly engine: Engine,
    private readonly language: LanguageTools | undefined,
    private readonly folder: ProjectFolder,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Throws when this machine has no engine yet: `node scripts/ready.js engine` finds, builds or installs one. */
  static async create(program: Program, env: Readonly<Record<string, string>> = {}): Promise<PulumiProject> {
    engine ??= findEngine(machineSurroundings(CHECKOUT));
    const found = await engine;
    if (!found) throw new Error("no Pulumi engine on this machine: run `node scripts/ready.js engine` first");
    const folder = layOutProject(program);
    const project = new PulumiProject(found, await toolsFor(runtimeOf(folder)), folder, env);
    const { exitCode, output } = await project.run(["stack", "init", STACK]);
    if (exitCode === 0) return project;
    await project.dispose();
    throw new Error(`unable to create a stack with ${found.bin}: ${output}`);
  }

  /** Where Pulumi.yaml is, and the working directory of the program and of the provider. */
  get directory(): string {
    return this.folder.project;
  }

  /** Replaces the program, as an edit between two runs. */
  setProgram(text: string, kind: "text" | "yaml" = "text"): void {
    writeProgram(this.folder, { kind, text });
  }

  /** As `pulumi config set` leaves it: a name without a namespace is one of the project's own. */
  configure(config: Readonly<Record<string, unknown>>): void {
    const [, project = ""] =
      /^name: (.+)$/m.exec(fs.readFileSync(path.join(this.directory, "Pulumi.yaml"), "utf8")) ?? [];
    const entries = Object.entries(config).map(([name, value]) => [
      name.includes(":") ? name : `${project}:${name}`,
      value,
    ]);
    // JSON is YAML, too.
    fs.appendFileSync(
      path.join(this.directory, `Pulumi.${STACK}.yaml`),
      `config: ${JSON.stringify(Object.fromEntries(entries))}\n`,
    );
  }

  preview(options?: RunOptions): Promise<PulumiRun> {
    return this.run(["preview"], options);
  }

  up(options?: RunOptions): Promise<PulumiRun> {
    return this.run(["up", "--yes", "--skip-preview"], options);
  }

  refresh(options?: RunOptions): Promise<PulumiRun> {
    return this.run(["refresh", "--yes", "--skip-preview"], options);
  }

  destroy(options?: RunOptions): Promise<PulumiRun> {
    return this.run(["destroy", "--yes", "--skip-preview"], options);
  }

  /** The state of the stack, secrets encrypted as on disk. Throws when `pulumi stack export` fails. */
  async stackExport(): Promise<StackState> {
    const file = path.join(this.folder.root, "export.json");
    const { exitCode, output } = await this.run(["stack", "export", "--file", file]);
    if (exitCode !== 0) throw new Error(`unable to export the stack: ${output}`);
    return parseStackExport(fs.readFileSync(file, "utf8"));
  }

  /** The outputs of the stack, as JSON. On a slow machine the engine's display may leave out how they change. */
  async outputs(): Promise<unknown> {
    const { output } = await this.run(["stack", "output", "--json"]);
    return JSON.parse(output);
  }

  /** Any other command of `pulumi`. A failing one resolves too: its exit code says so. */
  async run(command: readonly string[], { env = {}, args = [] }: RunOptions = {}): Promise<PulumiRun> {
    const stack = command[0] === "stack" ? [] : ["--stack", STACK];
    // libuv gives a child default signal handlers (src/unix/process.c, uv__process_child_init). pulumi needs them:
    // where SIGINT is ignored, as under a shell's `&`, preview and up idle for 5 s.
    const child = spawn("pulumi", [...command, ...stack, "--non-interactive", "--color", "never", ...args], {
      cwd: this.folder.project,
      env: { ...this.baseEnv(), ...this.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.running = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const [exitCode] = (await once(child, "close")) as [number | null];
    this.running = undefined;
    // Stack traces of the program come coloured, whatever --color says (cmd/run of @pulumi/pulumi inspects with
    // colours).
    return { exitCode, output: stripVTControlCharacters(output), colored: output };
  }

  /** Ends what still runs and removes all folders. The resources of the stack are left alone: `destroy` them first. */
  async dispose(): Promise<void> {
    if (this.running) {
      const closed = once(this.running, "close");
      this.running.kill("SIGKILL");
      await closed;
    }
    fs.rmSync(this.folder.root, { recursive: true, force: true });
  }

  private baseEnv(): Record<string, string> {
    const { PATH = "", TZ = "UTC" } = process.env;
    const ownNode = path.dirname(process.execPath);
    const dynamicProvider = path.join(CHECKOUT, "node_modules/@pulumi/pulumi");
    return {
      ...this.language?.env,
      PATH: [this.engine.bin, ...(this.language ? [this.language.bin] : []), ownNode, PATH, dynamicProvider].join(
        path.delimiter,
      ),
      TZ,
      HOME: this.folder.home,
      PULUMI_SKIP_CONFIRMATIONS: "true",
      ...pulumiEnvironment({ home: this.folder.pulumiHome, backend: this.folder.backend }),
    };
  }
}

/** Throws when this machine lacks what the language of a program takes. */
async function toolsFor(runtime: string | undefined): Promise<LanguageTools | undefined> {
  if (runtime !== "yaml" && runtime !== "python" && runtime !== "go") return undefined;
  const tools = await findLanguage(runtime, machineSurroundings(CHECKOUT), CHECKOUT);
  if (!tools)
    throw new Error(`no programs in ${runtime} on this machine: run \`node scripts/ready.js ${runtime}\` first`);
  return tools;
}
