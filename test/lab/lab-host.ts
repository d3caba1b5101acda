import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Say } from "../../scripts/command.js";
import type { TestHost } from "../contract/test-host";
import { findFreePort } from "./free-port";
import type { LabImage } from "./image";
import { findOrBuildImage } from "./image-recipe";
import {
  type Controller,
  consoleText,
  Machine,
  type MachineEnd,
  type MachineOptions,
  machineFiles,
  makeDisks,
} from "./machine";
import { findOrSaveBoot, type HostKind, type SavedBoot } from "./saved-boot";
import { SshSession } from "./ssh-session";

const REBOOT_MS = 15 * 60_000;

/** How much of the console an error shows. */
const CONSOLE_CHARACTERS = 8000;

/**
 * With SMAP, dom0 crashes under emulation. With XSAVE, programs of dom0 and of guests find wrong bytes in their vector
 * registers when both run: crashes and endless loops within a minute under load, and none in ten minutes without (QEMU
 * 7.2). With ERMS, kernels copy byte by byte, which takes twice as long under emulation.
 */
const UNFIT_FEATURES = [
  "erms",
  "smap",
  "smep",
  "avx",
  "avx2",
  "xsave",
  "xsaveopt",
  "xsavec",
  "xsaves",
  "mpx",
  "pku",
  "fsgsbase",
];

export interface LabOptions {
  /** Which hypervisor the host boots: Xen 4.17 (the default), or Debian's Linux with KVM, which uses the IOMMU by itself. */
  readonly mode?: "xen" | "kvm";
  readonly name?: string;
  readonly memoryMiB?: number;
  /**
   * A model of QEMU's `-cpu`. The default `max` gives HVM by SVM; `Skylake-Client` is one under which libvirt's Xen
   * driver starts (PV only).
   */
  readonly processor?: string | undefined;
  /**
   * What its NVMe controller has: a disk (the default), or virtual functions as well. Such a host cannot go on from a
   * saved boot with its disk: "functions" has it from its first reboot on, "functions-and-disk" boots.
   */
  readonly nvme?: "disk" | "functions" | "functions-and-disk";
  /**
   * Commands as root that every such host has run already: the saved boot has what they did, and what they started.
   */
  readonly prepare?: string;
  /** Is told what takes time. */
  readonly say?: Say;
}

/**
 * A host under QEMU's emulation with a disk of its own: whatever happens to it, the next one is as new. It may reboot
 * itself at any time; only stop() or a power off ends it.
 * Resolves when the host answers over SSH: after seconds where one like it was saved, else after a minute or so, and
 * building its disk before, where the cache has none.
 */
export async function bootLab(options: LabOptions = {}): Promise<TestHost> {
  const { say = () => {}, nvme } = options;
  const image = await findOrBuildImage(say);
  if (nvme === "functions-and-disk") return start(image, options);
  let saved: SavedBoot | undefined;
  try {
    saved = await findOrSaveBoot(image, kindOf(options), say);
    return await start(image, options, saved);
  } catch (error) {
    say(`It has to boot, since going on from a saved boot failed: ${error}`);
    saved?.forget();
    return start(image, options);
  }
}

function kindOf({ mode = "xen", memoryMiB = 4096, processor = "max", prepare = "true" }: LabOptions): HostKind {
  return {
    boot: { kind: mode },
    memoryMiB,
    processor: [processor, ...UNFIT_FEATURES.map((feature) => `-${feature}`)].join(","),
    prepare,
  };
}

async function start(image: LabImage, options: LabOptions, saved?: SavedBoot): Promise<TestHost> {
  const { mode = "xen", name = `lab-${mode}`, nvme = "disk", say = () => {} } = options;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-pci-passthrough-lab-"));
  const files = machineFiles(folder);
  await makeDisks(files, saved?.disk ?? image.disk);
  const port = await findFreePort();
  const controller = nvme === "disk" ? "plain" : "with-functions";
  const kind = kindOf(options);
  const supervisor = new Supervisor({ ...kind, ...files, controller, port }, folder, saved);
  const ssh = new SshSession({ port, ...image, lost: () => supervisor.lost });

  const bootId = async (): Promise<string> => (await ssh.exec("cat /proc/sys/kernel/random/boot_id")).stdout.trim();
  const waitForReboot = async (before: string): Promise<void> => {
    const deadline = Date.now() + REBOOT_MS;
    // The connection breaks while the host goes down; only a host that is gone for good ends the waiting.
    while ((await bootId().catch(() => before)) === before) {
      if (supervisor.lost !== undefined) throw new Error(`${name} did not come back: ${supervisor.lost}`);
      if (Date.now() > deadline) throw new Error(`${name} did not reboot within 15 minutes`);
      await sleep(1000);
    }
  };
  const withConsole = (message: string): Error =>
    new Error(
      `${message}\nThe console of ${name} ended with:\n${consoleText(files.console).slice(-CONSOLE_CHARACTERS)}`,
    );
  const stop = async (): Promise<void> => {
    ssh.close();
    await supervisor.stop();
  };

  try {
    say(saved ? `Starting ${name} …` : `Booting ${name} …`);
    // QEMU repeats a connection that the host did not take after six seconds only (slirp, tcp_subr.c).
    await supervisor.running();
    await bootId();
    if (saved) {
      await supervisor.plugController();
      await catchUp(ssh, nvme === "disk" ? "/dev/nvme0n1" : "/dev/nvme0");
    } else {
      await ssh.succeed(kind.prepare);
    }
  } catch (error) {
    const failure = withConsole(`unable to boot ${name}: ${error}`);
    await stop();
    throw failure;
  }
  return {
    name,
    address: "127.0.0.1",
    port,
    user: "root",
    identityFile: image.identityFile,
    hostKey: image.hostKey,
    connectTimeout: 120,
    exec: (command) =>
      ssh.exec(command).catch((error) => {
        throw withConsole(String(error));
      }),
    async reboot() {
      const before = await bootId();
      await ssh.exec("systemctl reboot").catch(() => {}); // the host may end the connection first
      await waitForReboot(before);
    },
    stop,
  };
}

/** What a host does that goes on from a saved boot: it sets its clock, and waits for what was plugged in. */
async function catchUp(ssh: SshSession, plugged: string): Promise<void> {
  await ssh.succeed(
    `date -s @${Math.round(Date.now() / 1000)} && tries=0
until [ -e ${plugged} ]; do [ $((tries += 1)) -lt 600 ] || exit 1; sleep 0.2; done
udevadm settle`,
  );
}

/** Starts QEMU again whenever the host reboots: then it boots from its disk, as any other. */
class Supervisor {
  /** Why the host is off for good. */
  lost: string | undefined;
  private machine: Machine;
  private readonly removeFolder: () => void;

  constructor(
    private readonly options: MachineOptions & { readonly controller: Controller },
    folder: string,
    saved: SavedBoot | undefined,
  ) {
    this.removeFolder = () => fs.rmSync(folder, { recursive: true, force: true });
    process.once("exit", this.removeFolder);
    this.machine = this.start(saved ? { ...options, controller: "unplugged", memory: saved.memory } : options);
  }

  running(): Promise<void> {
    return this.machine.running();
  }

  plugController(): Promise<void> {
    return this.machine.plugController(this.options.controller);
  }

  async stop(): Promise<void> {
    this.lost = "it was stopped";
    await this.machine.kill();
    process.off("exit", this.removeFolder);
    this.removeFolder();
  }

  private start(options: MachineOptions): Machine {
    const machine = new Machine(options);
    machine.ended.then((end) => this.goOn(end));
    return machine;
  }

  private goOn(end: MachineEnd): void {
    if (this.lost !== undefined) return;
    if (end.kind === "reboot") this.machine = this.start(this.options);
    else this.lost = end.kind === "failure" ? end.reason : "it was powered off";
  }
}
