import { IN_INITRAMFS, initramfsPath, initramfsSource, readInitramfs } from "../boot/initramfs";
import { readModuleSource } from "../boot/module-source";
import { moduleName } from "../kernel/modprobe-config";
import { coversFunction, ModuleNotFound, modaliasOf, modprobe } from "../kernel/modules";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { failed, isErrno, splitOptions, succeeded } from "./command";

/** kmod 30 */
export const moduleCommands: Commands = {
  modprobe: (call) => {
    const { options, words } = splitOptions(call.args);
    const [name = "", ...parameters] = words;
    if (options.includes("--version")) return succeeded("kmod version 30\n+ZSTD +XZ -ZLIB +LIBCRYPTO -EXPERIMENTAL\n");
    const quiet = options.includes("q") || options.includes("--quiet");
    if (options.includes("R") || options.includes("--resolve-alias")) return resolve(call, name);
    if (options.includes("r")) {
      for (const word of words) call.machine.kernel.remove(word);
      return succeeded();
    }
    return load(call, name, parameters.join(" "), quiet);
  },
  rmmod: (call) => {
    for (const name of splitOptions(call.args).words) call.machine.kernel.remove(name);
    return succeeded();
  },
  lsmod: (call) =>
    succeeded(
      `Module                  Size  Used by\n${call.machine.kernel.loadedModules.map((name) => `${name.padEnd(23)} 16384  0\n`).join("")}`,
    ),
  dmesg: (call) => succeeded(call.machine.kernel.messageText),
};

function load(call: CommandCall, name: string, parameters: string, quiet: boolean): CommandOutput {
  const { kernel, files } = call.machine;
  const source = call.env.has(IN_INITRAMFS)
    ? initramfsSource(readInitramfs(files, initramfsPath(kernel.data)))
    : readModuleSource(files, kernel.data);
  const names = name.includes(":") ? resolved(call, name) : [name];
  const options = parameters === "" ? [] : [{ module: moduleName(name), parameters }];
  const config = { ...source.config, options: [...source.config.options, ...options] };
  try {
    if (names.length === 0) throw new ModuleNotFound(name);
    for (const alias of names) modprobe(kernel, { ...source, config }, alias);
    return succeeded();
  } catch (error) {
    if (error instanceof ModuleNotFound) {
      const text = `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${kernel.data.release}\n`;
      return failed(1, quiet ? "" : text);
    }
    if (!isErrno(error)) throw error;
    return failed(1, `modprobe: ERROR: could not insert '${moduleName(name)}': ${error.text}\n`);
  }
}

function resolve(call: CommandCall, alias: string): CommandOutput {
  const names = resolved(call, alias);
  if (names.length > 0) return succeeded(names.map((name) => `${name}\n`).join(""));
  return failed(
    1,
    `modprobe: FATAL: Module ${alias} not found in directory /lib/modules/${call.machine.kernel.data.release}\n`,
  );
}

function resolved(call: CommandCall, alias: string): string[] {
  const { kernel } = call.machine;
  const named = kernel.modules.filter((module) => module.name === moduleName(alias));
  const device = kernel.bus.devices.find((candidate) => modaliasOf(candidate) === alias);
  const found = device ? kernel.modules.filter((module) => !module.builtin && coversFunction(module, device)) : named;
  return found.map((module) => module.name);
}
