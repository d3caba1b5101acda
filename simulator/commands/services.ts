import { wantedLinkOf } from "../boot/services";
import type { CommandCall, CommandOutput, Commands } from "../machine";
import { failed, splitOptions, succeeded } from "./command";

/** `systemctl enable`, `disable` and `daemon-reload` (systemd 252), as far as links in /etc/systemd/system go. */
export function switchUnit(call: CommandCall): CommandOutput {
  const { files } = call.machine;
  const [verb = "", name = ""] = call.args.filter((arg) => !arg.startsWith("-"));
  if (verb === "daemon-reload") return succeeded();
  const path = `/etc/systemd/system/${name}`;
  if (!files.exists(path)) return failed(1, `Failed to ${verb} unit: Unit file ${name} does not exist.\n`);
  const link = wantedLinkOf(files.read(path), name);
  if (link === undefined) return failed(1, `The unit files have no installation config (WantedBy=, …)\n`);
  if (verb === "enable") {
    if (files.exists(link)) return succeeded();
    const folder = link.slice(0, link.lastIndexOf("/"));
    if (!files.exists(folder)) files.mkdir(folder);
    files.symlink(path, link);
    return { stdout: "", stderr: `Created symlink ${link} → ${path}.\n`, exitCode: 0 };
  }
  if (files.exists(link, { followLast: false })) files.remove(link);
  return { stdout: "", stderr: `Removed "${link}".\n`, exitCode: 0 };
}

/**
 * insserv 1.14 of Debian squeeze and wheezy, without its dependency-based order: a script starts where its LSB header
 * says, at 18.
 */
export const insservCommands: Commands = {
  insserv: (call) => {
    const { options, words } = splitOptions(call.args);
    const name = words[0] ?? "";
    const script = `/etc/init.d/${name}`;
    if (!call.machine.files.exists(script)) return failed(1, `insserv: ${name}: No such file or directory\n`);
    const text = call.machine.files.read(script);
    const levels = /^# Default-Start:\s*(.*)$/m.exec(text)?.[1]?.trim();
    if (levels === undefined) return failed(1, `insserv: warning: script '${name}' missing LSB tags and overrides\n`);
    return linkScript(call, name, options.includes("r") ? [] : levels.split(/\s+/), "18");
  },
};

/** chkconfig 1.3 of RHEL 5: levels and priority stand in the script's `# chkconfig:` line. */
export const chkconfigCommands: Commands = {
  chkconfig: (call) => {
    const [verb = "", name = ""] = call.args;
    const script = `/etc/init.d/${name}`;
    if (!call.machine.files.exists(script)) {
      return failed(1, `error reading information on service ${name}: No such file or directory\n`);
    }
    const [, levels, start] = /^# chkconfig: (\d+) (\d+) \d+/m.exec(call.machine.files.read(script)) ?? [];
    if (levels === undefined || start === undefined) return failed(1, `service ${name} does not support chkconfig\n`);
    return linkScript(call, name, verb === "--add" ? [...levels] : [], start);
  },
};

function linkScript(call: CommandCall, name: string, levels: readonly string[], priority: string): CommandOutput {
  const { files } = call.machine;
  for (const level of ["2", "3", "4", "5"]) {
    const folder = `/etc/rc${level}.d`;
    const link = `${folder}/S${priority}${name}`;
    if (!files.exists(folder)) files.mkdir(folder);
    const there = files.exists(link, { followLast: false });
    if (levels.includes(level) && !there) files.symlink(`../init.d/${name}`, link);
    if (!levels.includes(level) && there) files.remove(link);
  }
  return succeeded();
}
