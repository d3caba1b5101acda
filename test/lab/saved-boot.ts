import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { runCommand, type Say } from "../../scripts/command.js";
import { findFreePort } from "./free-port";
import type { LabImage } from "./image";
import { findOrBuild } from "./image-cache";
import { LAB_CACHE } from "./image-recipe";
import { Machine, type MachineOptions, machineFiles, makeDisks, qemuArguments } from "./machine";
import { SshSession } from "./ssh-session";

/** A host that was booted from an image and saved, so that others go on from there. Never written to. */
export interface SavedBoot {
  /** Its memory; see `MachineOptions`. */
  readonly memory: string;
  /** The backing file of their own disks. */
  readonly disk: string;
  /** Has it made anew: what looks whole was of no use. */
  forget(): void;
}

const FILES = ["memory", "disk.qcow2"];

/** What a host is like, whatever its files and its port are; and what it has run as root since it was booted. */
export type HostKind = Pick<MachineOptions, "boot" | "memoryMiB" | "processor"> & { readonly prepare: string };

/**
 * A host of this kind, saved before its NVMe controller comes, from the cache; or booted and saved now. Each version of
 * QEMU, kind of machine and built image has its own: QEMU loads only what a machine like it saved.
 */
export async function findOrSaveBoot(image: LabImage, kind: HostKind, say: Say): Promise<SavedBoot> {
  const version = await runCommand("qemu-system-x86_64", ["--version"]);
  const machine = qemuArguments({ ...kind, ...machineFiles("/"), controller: "unplugged", port: 0 });
  const digest = createHash("sha256")
    .update([version, ...machine, image.hostKey, kind.prepare].join("\0"))
    .digest("hex");
  const recipe = {
    key: `boot-${digest.slice(0, 16)}`,
    files: FILES,
    build: (folder: string) => bootAndSave(image, kind, folder, say),
  };
  const entry = await findOrBuild(recipe, LAB_CACHE, say);
  return {
    memory: path.join(entry, "memory"),
    disk: path.join(entry, "disk.qcow2"),
    forget: () => fs.rmSync(entry, { recursive: true, force: true }),
  };
}

async function bootAndSave(image: LabImage, kind: HostKind, folder: string, say: Say): Promise<void> {
  say("Booting a lab host, to save it for those to come …");
  const files = machineFiles(folder);
  const port = await findFreePort();
  await makeDisks(files, image.disk);
  const machine = new Machine({ ...kind, ...files, controller: "unplugged", port });
  let lost: string | undefined;
  machine.ended.then((end) => {
    lost = end.kind === "failure" ? end.reason : end.kind;
  });
  const ssh = new SshSession({ port, ...image, lost: () => lost });
  try {
    await ssh.exec("systemctl is-system-running --wait");
    await ssh.succeed(`set -e\n${kind.prepare}\nsync`);
    ssh.close();
    await machine.save(path.join(folder, "memory"));
  } finally {
    ssh.close();
    await machine.kill();
  }
}
