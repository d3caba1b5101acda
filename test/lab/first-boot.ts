import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { runCommand, type Say } from "../../scripts/command.js";
import { findFreePort } from "./free-port";
import type { LabImage } from "./image";
import { consoleText, Machine, machineFiles } from "./machine";
import { SshSession } from "./ssh-session";

/** Boots the new disk without GRUB, runs the commands as root on it, and powers it off. */
export async function finishDisk(image: LabImage, commands: string, say: Say): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-pci-passthrough-lab-"));
  const { nvme, stick, console } = machineFiles(folder);
  for (const disk of [nvme, stick]) await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"]);
  const port = await findFreePort();
  const machine = new Machine({
    boot: { kind: "plain", kernel: image.kernel, initrd: image.initrd },
    disk: image.disk,
    nvme,
    controller: "plain",
    stick,
    console,
    port,
    memoryMiB: 2048,
    processor: "max",
  });
  let lost: string | undefined;
  machine.ended.then((end) => {
    lost = end.kind === "failure" ? end.reason : end.kind;
  });
  const ssh = new SshSession({ port, identityFile: image.identityFile, hostKey: image.hostKey, lost: () => lost });
  try {
    await ssh.succeed(commands);
    say("Powering it off …");
    await ssh.exec("systemctl poweroff").catch(() => {}); // the host may end the connection first
    const end = await machine.ended;
    if (end.kind !== "power-off") throw new Error(`the first boot did not end with a power off: ${lost}`);
  } catch (error) {
    throw new Error(
      `unable to finish the disk: ${error}\nIts console ended with:\n${consoleText(console).slice(-2000)}`,
    );
  } finally {
    ssh.close();
    await machine.kill();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
