// @ts-check
const { spawn } = require("node:child_process");

const TELL_EVERY_MS = 15_000;
/** npm says what is wrong in its first lines, compilers in their last. */
const FIRST_LINES = 15;
const LAST_LINES = 25;

/** @typedef {(line: string) => void} Say Prints one line for the person who waits. */

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {Say} [say] Is told every 15 s that the command still runs.
 * @property {string} [counting] What a line of the output stands for, to say how many there were: `packages compiled`.
 * @property {number} [timeoutMs] Ends a command that takes longer.
 */

/** A command could not be started or did not succeed; the message ends with what it said, long output shortened. */
class CommandError extends Error {
  /** @override */
  name = "CommandError";
}

/**
 * Runs a command in silence, but for a sign of life every 15 s, and resolves to what it wrote on standard output.
 * Throws CommandError when it cannot be started, fails or takes too long.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<string>}
 */
function runCommand(command, args, { cwd, env, say = () => {}, counting, timeoutMs } = {}) {
  const line = [command, ...args].join(" ");
  const started = Date.now();
  return new Promise((resolve, reject) => {
    // npm and npx are .cmd files on Windows, which only a shell runs.
    const shell = process.platform === "win32" && !command.includes("\\");
    const child = spawn(command, args, { cwd, env, shell, timeout: timeoutMs, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    let lines = 0;
    const signOfLife = setInterval(() => {
      say(`  … ${formatDuration(Date.now() - started)}${counting ? `, ${lines} ${counting}` : ""}`);
    }, TELL_EVERY_MS);
    const hear = (/** @type {string} */ text) => {
      lines += text.split("\n").length - 1;
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      hear(text);
    });
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", (error) => {
      clearInterval(signOfLife);
      reject(new CommandError(`unable to run \`${line}\`: ${error.message}`));
    });
    child.on("close", (exitCode, signal) => {
      clearInterval(signOfLife);
      if (exitCode === 0) resolve(stdout);
      else
        reject(
          new CommandError(
            `\`${line}\` ended with ${signal ?? `exit code ${exitCode}`}:\n${shorten(output.trimEnd())}`,
          ),
        );
    });
  });
}

/** @param {string} output */
function shorten(output) {
  const lines = output.split("\n");
  const leftOut = lines.length - FIRST_LINES - LAST_LINES;
  if (leftOut <= 0) return output;
  return [...lines.slice(0, FIRST_LINES), `  (${leftOut} lines left out)`, ...lines.slice(-LAST_LINES)].join("\n");
}

/**
 * `75000` is `1 min 15 s`.
 *
 * @param {number} milliseconds
 */
function formatDuration(milliseconds) {
  const total = Math.round(milliseconds / 1000);
  return total < 60 ? `${total} s` : `${Math.floor(total / 60)} min ${total % 60} s`;
}

module.exports = { CommandError, formatDuration, runCommand };
