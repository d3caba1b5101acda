// @ts-check
const { runCommand } = require("./command.js");

const PYTHON = process.platform === "win32" ? "python" : "python3";

/**
 * Packages of PyPI, as a folder for PYTHONPATH.
 *
 * @param {readonly string[]} packages as pip takes them, with their versions
 * @param {readonly string[]} modules what programs import of these packages
 * @returns {import("./engine-cache.js").Recipe}
 */
function packagesOfPyPI(packages, modules) {
  return {
    key: `${packages.join("-").replace(/[^\w.-]/g, "")}-${process.platform}-${process.arch}`,
    programs: modules.map((module) => `${module}/__init__.py`),
    async build(folder, say) {
      say(`Installing ${packages.join(" and ")} from PyPI …`);
      const pip = ["-m", "pip", "install", "--quiet", "--target", folder];
      await runCommand(PYTHON, [...pip, ...packages], { say });
    },
    // Another Python needs other builds of its packages.
    works: (folder) =>
      runCommand(PYTHON, ["-c", `import ${modules.join(", ")}`], { env: { ...process.env, PYTHONPATH: folder } }).then(
        () => true,
        () => false,
      ),
  };
}

module.exports = { packagesOfPyPI, PYTHON };
