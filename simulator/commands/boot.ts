import { GRUB_CONFIG } from "../boot/boot-menu";
import { makeGrubConfig } from "../boot/grub";
import { formatInitramfs, initramfsPath, packInitramfs, readInitramfs } from "../boot/initramfs";
import type { Errno } from "../kernel/errno";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { failed, isErrno, succeeded } from "./command";
import { switchUnit } from "./services";

/** Programs of Debian that make what a host boots from. */
const BOOT_FILE_MAKERS: Commands = {
  "update-initramfs": (call) => {
    const path = initramfsPath(call.machine.kernel.data);
    const error = pack(call, path);
    const said = `update-initramfs: Generating ${path}\n`;
    return error ? failed(1, `update-initramfs: failed for ${path} with 1.\n`, said) : succeeded(said);
  },
  lsinitramfs: (call) => listInitramfs(call),
  "update-grub": (call) => makeGrub(call, GRUB_CONFIG),
  "grub-mkconfig": (call) => makeGrub(call, call.args[call.args.indexOf("-o") + 1] ?? ""),
  "grub-script-check": (call) => checkGrub(call),
};

/** Programs of Debian that change how the host boots, and those that boot it. */
export const bootCommands: Commands = {
  ...BOOT_FILE_MAKERS,
  reboot: (call) => powerCycle(call),
  shutdown: (call) =>
    call.args.includes("-r") ? powerCycle(call) : failed(1, "shutdown: only -r works on this simulated host\n"),
  systemctl: (call) => {
    if (call.args.includes("reboot")) return powerCycle(call);
    if (call.args.includes("is-system-running")) return succeeded("running\n");
    return switchUnit(call);
  },
  udevadm: (call) =>
    call.args[0] === "settle" ? succeeded() : failed(1, "udevadm: only settle works on this simulated host\n"),
};

/** Those of a host whose boot files only its kernel packages make, as with mkinitrd and grubby on RHEL 5. */
export function withoutBootFileMakers(commands: Commands): Commands {
  return Object.fromEntries(Object.entries(commands).filter(([name]) => !(name in BOOT_FILE_MAKERS)));
}

function pack(call: CommandCall, path: string): Errno | undefined {
  const { files, kernel } = call.machine;
  try {
    files.open(`${path}.new`, { truncate: true });
    files.write(`${path}.new`, formatInitramfs(packInitramfs(files, kernel.data)));
    files.rename(`${path}.new`, path);
    return undefined;
  } catch (error) {
    if (!isErrno(error)) throw error;
    return error;
  }
}

function listInitramfs(call: CommandCall): CommandOutput {
  const path = call.args.find((arg) => !arg.startsWith("-")) ?? initramfsPath(call.machine.kernel.data);
  const { modules, modprobe, scripts } = readInitramfs(call.machine.files, call.path(path));
  const { release } = call.machine.kernel.data;
  const paths = call.machine.kernel.modules
    .filter((module) => modules.includes(module.name))
    .map((module) => `usr/lib/modules/${release}/${module.file}`);
  const config = Object.keys(modprobe).map((path) => path.slice(1));
  return succeeded([...config, ...Object.keys(scripts), ...paths].map((path) => `${path}\n`).join(""));
}

/** Braces that match are what can go wrong in what grub-mkconfig makes of arguments here. */
function checkGrub(call: CommandCall): CommandOutput {
  const text = call.machine.files.read(call.path(call.args[0] ?? ""));
  const count = (brace: string) => text.split(brace).length;
  return count("{") === count("}") ? succeeded() : failed(1, `Syntax error at line ${text.split("\n").length}\n`);
}

function makeGrub(call: CommandCall, path: string): CommandOutput {
  const { files, kernel, profile } = call.machine;
  try {
    files.open(path, { truncate: true });
    files.write(path, makeGrubConfig(files, kernel.data, profile.xenImage ?? ""));
  } catch (error) {
    if (!isErrno(error)) throw error;
    return failed(1, `/usr/sbin/grub-mkconfig: cannot create ${path}.new: ${error.text}\n`);
  }
  const found = [
    `Found linux image: /boot/vmlinuz-${kernel.data.release}`,
    `Found initrd image: ${initramfsPath(kernel.data)}`,
  ];
  return {
    stdout: "",
    stderr: ["Generating grub configuration file ...", ...found, "done"].map((line) => `${line}\n`).join(""),
    exitCode: 0,
  };
}

function powerCycle(call: CommandCall): CommandOutput {
  if (call.session.uid !== 0) return failed(1, "Failed to talk to init daemon.\n");
  call.machine.onReboot();
  return succeeded();
}
