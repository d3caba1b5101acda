import type { Machine, Session } from "../machine";
import { runShell } from "../shell";

/**
 * Runs what the boot starts: the wanted units of systemd, or the SysV scripts of one runlevel. A service that fails
 * stops nothing.
 */
export async function startServices(
  machine: Machine,
  init: "systemd" | { readonly runlevelFolder: string },
): Promise<void> {
  if (init === "systemd") {
    for (const unit of wantedUnits(machine)) await startUnit(machine, machine.files.read(unit));
    return;
  }
  const { files } = machine;
  const links = files.exists(init.runlevelFolder) ? files.list(init.runlevelFolder) : [];
  for (const link of links.filter((name) => name.startsWith("S")).sort()) {
    const path = `${init.runlevelFolder}/${link}`;
    if (!files.exists(path) || (files.status(path).mode & 0o100) === 0) continue;
    await run(machine, files.read(path), ["start"]);
  }
}

/** Where `systemctl enable` puts the link of a unit, by its [Install]; undefined when it has none. */
export function wantedLinkOf(unit: string, name: string): string | undefined {
  const target = /^WantedBy=(\S+)$/m.exec(unit)?.[1];
  return target === undefined ? undefined : `/etc/systemd/system/${target}.wants/${name}`;
}

function wantedUnits(machine: Machine): readonly string[] {
  const { files } = machine;
  const folder = "/etc/systemd/system";
  if (!files.exists(folder)) return [];
  return files
    .list(folder)
    .filter((name) => name.endsWith(".wants"))
    .flatMap((name) => files.list(`${folder}/${name}`).map((unit) => `${folder}/${name}/${unit}`))
    .filter((path) => path.endsWith(".service") && files.exists(path));
}

async function startUnit(machine: Machine, unit: string): Promise<void> {
  const conditions = [...unit.matchAll(/^ConditionPathExists=(\S+)$/gm)].map((match) => match[1] ?? "");
  const command = /^ExecStart=(.+)$/m.exec(unit)?.[1];
  // What waits in a boot on trial: isTrialLost stands for it.
  if (/^ConditionKernelCommandLine=/m.test(unit)) return;
  if (command === undefined || !conditions.every((path) => machine.files.exists(path))) return;
  await run(machine, command, []);
}

async function run(machine: Machine, script: string, args: readonly string[]): Promise<void> {
  const session: Session = machine.login({ user: "root", uid: 0, sudo: true, cutConnection: () => {} });
  const env = new Map([["PATH", "/sbin:/usr/sbin:/bin:/usr/bin"]]);
  const { stdout, stderr } = await runShell({ machine, session, script, args, env });
  machine.logout(session);
  // What services print at boot is on the console; where a test asks why one failed, it is here.
  for (const line of `${stdout}${stderr}`.split("\n").filter((text) => text !== ""))
    machine.kernel.log(`init: ${line}`);
}
