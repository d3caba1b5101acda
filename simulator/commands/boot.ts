import { GRUB_CONFIG, makeGrubConfig } from "../boot/grub";
import { formatInitramfs, initramfsPath, packInitramfs, readInitramfs } from "../boot/initramfs";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { failed, isErrno, succeeded } from "./command";
import { switchUnit } from "./services";

/** Programs of Debian that change how the host boots, and those that boot it. */
export const bootCommands: Commands = {
  "update-initramfs": (call) => {
    const { files, kernel } = call.machine;
    const path = initramfsPath(kernel.data);
    try {
      files.write(`${path}.new`, formatInitramfs(packInitramfs(files, kernel.data)));
      files.rename(`${path}.new`, path);
    } catch (error) {
      if (!isErrno(error)) throw error;
      return failed(1, `update-initramfs: failed for ${path} with 1.\n`, `update-initramfs: Generating ${path}\n`);
    }
    return succeeded(`update-initramfs: Generating ${path}\n`);
  },
  lsinitramfs: (call) => {
    const path = call.args.find((arg) => !arg.startsWith("-")) ?? initramfsPath(call.machine.kernel.data);
    const { modules, modprobe } = readInitramfs(call.machine.files, call.path(path));
    const { release } = call.machine.kernel.data;
    const paths = call.machine.kernel.modules
      .filter((module) => modules.includes(module.name))
      .map((module) => `usr/lib/modules/${release}/${module.file}`);
    const config = Object.keys(modprobe).map((one) => one.slice(1));
    return succeeded([...config, ...paths].map((one) => `${one}\n`).join(""));
  },
  "update-grub": (call) => updateGrub(call),
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

function updateGrub(call: CommandCall): CommandOutput {
  const { files, kernel, profile } = call.machine;
  try {
    files.write(GRUB_CONFIG, makeGrubConfig(files, kernel.data, profile.xenImage ?? ""));
  } catch (error) {
    if (!isErrno(error)) throw error;
    return failed(1, `/usr/sbin/grub-mkconfig: cannot create ${GRUB_CONFIG}.new: ${error.text}\n`);
  }
  const found = [
    `Found linux image: /boot/vmlinuz-${kernel.data.release}`,
    `Found initrd image: ${initramfsPath(kernel.data)}`,
  ];
  return {
    stdout: "",
    stderr: ["Generating grub configuration file ...", ...found, "done"].map((one) => `${one}\n`).join(""),
    exitCode: 0,
  };
}

function powerCycle(call: CommandCall): CommandOutput {
  if (call.session.uid !== 0) return failed(1, "Failed to talk to init daemon.\n");
  call.machine.onReboot();
  return succeeded();
}
