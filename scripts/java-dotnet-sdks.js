// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { runCommand } = require("./command.js");
const { findOrBuild } = require("./engine-cache.js");
const { machineSurroundings } = require("./engine.js");
const { javaDotnetGenerator } = require("./language-recipes.js");

/** What the generated build.gradle does besides: the package reads its version there. */
const VERSION_FILE = "src/main/resources/com/pulumi/pci-passthrough/version.txt";

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.pulumi</groupId>
  <artifactId>pci-passthrough</artifactId>
  <version>0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>com.pulumi</groupId><artifactId>pulumi</artifactId><version>1.16.0</version></dependency>
    <dependency><groupId>com.google.code.findbugs</groupId><artifactId>jsr305</artifactId><version>3.0.2</version></dependency>
  </dependencies>
</project>
`;

/**
 * Generates the SDKs for Java and .NET, and compiles that for Java where Maven is. Throws CommandError, with what a
 * generator or the compiler said.
 *
 * @param {string} root the checkout, built
 * @param {string} folder a temporary one
 * @param {import("./command.js").Say} say
 */
async function tryJavaAndDotnet(root, folder, say) {
  const { packageSchema } = require(path.join(root, "dist/provider/adapters/plugin/schema/package-schema.js"));
  const schema = path.join(folder, "schema.json");
  fs.writeFileSync(schema, JSON.stringify(packageSchema("0.1.0")));
  const bin = await findOrBuild(javaDotnetGenerator(root), machineSurroundings(root).cache, say);
  for (const language of ["java", "dotnet"]) {
    const sdk = path.join(folder, language);
    await runCommand(path.join(bin, "sdk-generator-java-dotnet"), [schema, language, sdk], { say });
    say(`The SDK for ${language} has ${fs.readdirSync(sdk, { recursive: true }).length} files and folders.`);
  }
  const java = path.join(folder, "java");
  fs.mkdirSync(path.dirname(path.join(java, VERSION_FILE)), { recursive: true });
  fs.writeFileSync(path.join(java, VERSION_FILE), "0.1.0");
  fs.writeFileSync(path.join(java, "pom.xml"), POM);
  if (!(await isThere("mvn"))) return say("The SDK for java is not compiled: there is no Maven on this machine.");
  await runCommand("mvn", ["--quiet", "--batch-mode", "compile"], { cwd: java, say });
  say("The SDK for java compiles.");
}

/** @param {string} program */
function isThere(program) {
  return runCommand(program, ["--version"]).then(
    () => true,
    () => false,
  );
}

module.exports = { tryJavaAndDotnet };
