import path from "node:path";
import ts from "typescript";
import { confirmCommand } from "../../cli/confirm";
import { devicesCommand } from "../../cli/devices";
import { doctorCommand } from "../../cli/doctor";
import { importCommand } from "../../cli/import";
import { mapCommand } from "../../cli/map";
import { releaseCommand } from "../../cli/release";
import { simulateCommand } from "../../cli/simulate";
import { packageSchema } from "../../provider/adapters/plugin/schema/package-schema";
import { apiPages } from "../../scripts/api-pages/pages.js";
import { codeBlocks } from "../markdown";
import { PAGES, readPage } from "./pages";

const ROOT = path.dirname(path.dirname(__dirname));

const blocks = PAGES.flatMap((page) =>
  codeBlocks(readPage(page)).map((block, index) => ({ ...block, name: `${page}, block ${index + 1}` })),
);
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);

test("every block is in a language that is checked, or is what a program prints", () => {
  const checked = ["ts", "sh", "python", "go", "yaml", ""];
  expect(blocks.filter(({ language }) => !checked.includes(language))).toEqual([]);
});

test("every program is type-checked against the package's own types", () => {
  const programs = new Map(
    inLanguage("ts").map(({ name, text }, index) => [path.join(ROOT, `docs-program-${index}.ts`), { name, text }]),
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ["node"],
    paths: {
      "pulumi-pci-passthrough": [path.join(ROOT, "sdk/index.ts")],
      "pulumi-pci-passthrough/simulator": [path.join(ROOT, "simulator/index.ts")],
    },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => programs.has(file) || fileExists(file);
  host.readFile = (file) => programs.get(file)?.text ?? readFile(file);
  host.getSourceFile = (file, ...more) => {
    const program = programs.get(file);
    return program ? ts.createSourceFile(file, program.text, more[0]) : getSourceFile(file, ...more);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  const complaints = [...programs].flatMap(([file, { name }]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
  expect(complaints).toEqual([]);
});

test("a program in Python, Go or YAML is one of an API page or an example, which are made or deployed by other tests", () => {
  const made = [...apiPages(packageSchema("0.1.0")).values()].join("");
  const example = ["python/__main__.py", "go/main.go", "yaml/Pulumi.yaml"].map((file) =>
    readPage(`examples/quickstart-${file}`),
  );
  const programs = ["python", "go", "yaml"].flatMap(inLanguage);
  expect(programs.filter(({ text }) => !made.includes(text) && !example.includes(text))).toEqual([]);
});

/** Commands of other programs that a reader may be asked to run, without what they are run on. */
const FOREIGN = [
  /^npm install pulumi-pci-passthrough$/,
  /^pip install \.\/sdks\/python$/,
  /^pulumi package gen-sdk node_modules\/pulumi-pci-passthrough\/pulumi-resource-pci-passthrough --language (python|go) --out sdks$/,
  /^pulumi config set --path (--secret )?pci-passthrough:[\w.]+( \S+)?$/,
  /^npm (ci|pack|install --save-dev just-bash)$/,
  /^pulumi (up|preview|destroy|refresh|stack --show-urns|stack export --file \S+|state delete URN|stack init \w+|stack output \w+|config set (--path )?[\w.]+ \S+)$/,
];

const COMMANDS = [
  confirmCommand(),
  devicesCommand(),
  doctorCommand(),
  importCommand(),
  mapCommand(),
  releaseCommand(),
  simulateCommand(),
];

/** Why a line of shell is not one that works; undefined when it is. */
function complaintAbout(line: string, scripts: Readonly<Record<string, string>>): string | undefined {
  const [, script] = /^npm (?:run )?([\w:]+)( -- .*)?$/.exec(line) ?? [];
  if (script !== undefined && script in scripts) return undefined;
  const [, name, words = ""] = /^npx pulumi-pci-passthrough (\w+)(.*)$/.exec(line) ?? [];
  if (name === undefined) return FOREIGN.some((form) => form.test(line)) ? undefined : "nobody knows this command";
  const command = COMMANDS.find((known) => known.name() === name);
  if (!command) return `there is no command ${name}`;
  const { unknown } = command.exitOverride().parseOptions(words.trim().split(/\s+/));
  return unknown.length > 0 ? `it does not take ${unknown.join(" ")}` : undefined;
}

test("every line of shell is a command that exists, with options that it takes", () => {
  const { scripts } = JSON.parse(readPage("package.json"));
  const lines = inLanguage("sh").flatMap(({ name, text }) =>
    text
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter(Boolean)
      .map((line) => ({ name, line })),
  );
  expect(
    lines.flatMap(({ name, line }) => {
      const complaint = complaintAbout(line, scripts);
      return complaint === undefined ? [] : [`${name}: ${line}: ${complaint}`];
    }),
  ).toEqual([]);
});
