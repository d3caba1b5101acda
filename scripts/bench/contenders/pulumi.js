// @ts-check
const fs = require("node:fs");
const path = require("node:path");
const { OPERATIONS } = require("../measure.js");
const { assignableProgram } = require("../programs.js");
const { BenchProject, PACKAGES } = require("../project.js");
const { DEVICES, scriptOf } = require("./operations.js");

/** @typedef {import("./operations.js").Contender} Contender @typedef {import("./operations.js").Target} Target */

/** @type {Record<import("./operations.js").Operation, readonly string[]>} */
const COMMANDS = {
  "make assignable": OPERATIONS["first up"],
  "nothing to do": OPERATIONS["no-change up"],
  "give back": OPERATIONS.destroy,
};

/**
 * The keyboard of the lab host is at its USB controller, which is given away here all the same.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const ALLOW = { "0000:02:00.0": ["console-input"] };

/** @param {keyof typeof PACKAGES} provider @returns {(target: Target) => Promise<Contender>} */
const withProvider =
  (provider) =>
  ({ engine, login }) => {
    const devices = DEVICES.map((device) => ({ device, allow: ALLOW[device] ?? [] }));
    return inProject(new BenchProject(engine, assignableProgram(PACKAGES[provider], [login], devices)));
  };

/**
 * Pulumi's Command, a resource a device. It runs again only where an input has changed: to know what has become of a
 * device, each `up` gives it another.
 *
 * @param {Target} target
 */
function remoteCommand({ engine, login }) {
  const name = "pulumi-resource-command";
  const folder = (process.env.PATH ?? "").split(path.delimiter).find((each) => fs.existsSync(path.join(each, name)));
  if (!folder)
    throw new Error(`${name} is not on PATH: \`pulumi plugin install resource command\`, and add its folder`);
  const { address: host, port, user } = login;
  const connection = { host, port, user, privateKey: fs.readFileSync(login.identityFile, "utf8") };
  const commands = DEVICES.map((device) => {
    const take = scriptOf("make assignable", [device]);
    return [device, { create: take, update: take, delete: scriptOf("give back", [device]) }];
  });
  const program = `const { CustomResource } = require("@pulumi/pulumi");
const connection = ${JSON.stringify(connection)};
for (const [device, commands] of ${JSON.stringify(commands)})
  new CustomResource("command:remote:Command", device, { connection, ...commands, stdin: String(Date.now()) });
`;
  return inProject(new BenchProject(engine, program, [{ name: "command", path: folder }]));
}

/** @param {BenchProject} project @returns {Promise<Contender>} */
async function inProject(project) {
  await project.pulumi(["stack", "init"]);
  return {
    run: (operation) => project.pulumi(COMMANDS[operation]),
    end: async () => project.remove(),
  };
}

module.exports = { remoteCommand, withProvider };
