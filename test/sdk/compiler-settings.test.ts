import path from "node:path";
import ts from "typescript";

const ROOT = path.dirname(path.dirname(__dirname));
const PROGRAM = path.join(ROOT, "examples/quickstart/index.ts");

/** What the programs of this file have in common is read once. */
const read = new Map<string, ts.SourceFile | undefined>();

function hostFor(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const getSourceFile: ts.CompilerHost["getSourceFile"] = (file, how, onError) => {
    const { languageVersion, impliedNodeFormat } = typeof how === "object" ? how : { languageVersion: how };
    const key = [file, languageVersion, impliedNodeFormat].join();
    if (!read.has(key)) read.set(key, host.getSourceFile(file, how, onError));
    return read.get(key);
  };
  return { ...host, getSourceFile };
}

/** What the compiler says of the program and of the declarations of this package, which it reads from dist/. */
function complaints(settings: ts.CompilerOptions): readonly string[] {
  const options: ts.CompilerOptions = { ...settings, strict: true, noEmit: true, types: ["node"] };
  const program = ts.createProgram([PROGRAM], options, hostFor(options));
  const sources = program.getSourceFiles().filter(({ fileName }) => !fileName.includes("/node_modules/"));
  expect(sources.map(({ fileName }) => path.relative(ROOT, fileName))).toContain("dist/sdk/index.d.ts");
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...sources.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return found.map(
    ({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  );
}

const { ModuleKind, ModuleResolutionKind, ScriptTarget } = ts;
const MODULES: Readonly<Record<string, ts.CompilerOptions>> = {
  commonjs: { module: ModuleKind.CommonJS, moduleResolution: ModuleResolutionKind.Node10 },
  nodenext: { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext },
  "a bundler": { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler },
};
const TARGETS = { es2020: ScriptTarget.ES2020, es2022: ScriptTarget.ES2022 };

describe.each(Object.entries(MODULES))("a program for %s", (_, modules) => {
  // With skipLibCheck it says less: declarations are then not looked at.
  test.each(Object.entries(TARGETS))("compiles at %s, without skipLibCheck and esModuleInterop", (_, target) => {
    expect(complaints({ ...modules, target })).toEqual([]);
  });
});
