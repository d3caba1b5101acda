import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand, type Say } from "../../scripts/command.js";
import type { TestHost } from "../contract/test-host";
import { findFreePort } from "./free-port";
import { findOrBuildImage } from "./image-recipe";
import { consoleText, Machine, type MachineEnd, type MachineOptions, machineFiles } from "./machine";
import { SshSession } from "./ssh-session";

const REBOOT_MS = 15 * 60_000;

/**
 * With SMAP, dom0 crashes under emulation. With XSAVE, programs of dom0 and of guests find wrong bytes in their vector
 * registers when both run: crashes and endless loops within a minute under load, and none in ten minutes without (QEMU
 * 7.2).
 */
const UNFIT_FEATURES = [
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
  /** Which hypervisor the host boots: Xen 4.17 (the default), or Debian's Linux with KVM and `intel_iommu=on`. */
  readonly mode?: "xen" | "kvm";
  readonly name?: string;
  readonly memoryMiB?: number;
  /**
   * A model of QEMU's `-cpu`. The default `max` gives HVM by SVM; `Skylake-Client` is one under which libvirt's Xen
   * driver starts (PV only).
   */
  readonly processor?: string | undefined;
  /** Is told what takes time. */
  readonly say?: Say;
}

/**
 * A host under QEMU's emulation with a disk of its own: whatever happens to it, the next one is as new. It may reboot
 * itself at any time; only stop() or a power off ends it.
 * Resolves when the host answers over SSH: a minute or so, and building its disk before, where the cache has none.
 */
export async function bootLab({
  mode = "xen",
  name = `lab-${mode}`,
  memoryMiB = 4096,
  processor,
  say,
}: LabOptions = {}): Promise<TestHost> {
  const image = await findOrBuildImage(say ?? (() => {}));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pulumi-pci-passthrough-lab-"));
  const files = machineFiles(folder);
  await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image.disk, files.disk]);
  for (const disk of [files.nvme, files.stick])
    await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"]);
  const port = await findFreePort();
  const options = {
    ...files,
    boot: { kind: mode },
    port,
    memoryMiB,
    processor: [processor ?? "max", ...UNFIT_FEATURES.map((feature) => `-${feature}`)].join(","),
  };
  const supervisor = new Supervisor(options, folder);
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
  const stop = async (): Promise<void> => {
    ssh.close();
    await supervisor.stop();
  };

  try {
    say?.(`Booting ${name} …`);
    await bootId();
  } catch (error) {
    const said = consoleText(files.console).slice(-2000);
    await stop();
    throw new Error(`unable to boot ${name}: ${error}\nIts console ended with:\n${said}`);
  }
  return {
    name,
    address: "127.0.0.1",
    port,
    user: "root",
    identityFile: image.identityFile,
    hostKey: image.hostKey,
    connectTimeout: 120,
    exec: (command) => ssh.exec(command),
    async reboot() {
      const before = await bootId();
      await ssh.exec("systemctl reboot").catch(() => {}); // the host may end the connection first
      await waitForReboot(before);
    },
    stop,
  };
}

/** Starts QEMU again whenever the host reboots. */
class Supervisor {
  /** Why the host is off for good. */
  lost: string | undefined;
  private machine: Machine;
  private readonly removeFolder: () => void;

  constructor(
    private readonly options: MachineOptions,
    folder: string,
  ) {
    this.removeFolder = () => fs.rmSync(folder, { recursive: true, force: true });
    process.once("exit", this.removeFolder);
    this.machine = this.start();
  }

  async stop(): Promise<void> {
    this.lost = "it was stopped";
    await this.machine.kill();
    process.off("exit", this.removeFolder);
    this.removeFolder();
  }

  private start(): Machine {
    const machine = new Machine(this.options);
    machine.ended.then((end) => this.goOn(end));
    return machine;
  }

  private goOn(end: MachineEnd): void {
    if (this.lost !== undefined) return;
    if (end.kind === "reboot") this.machine = this.start();
    else this.lost = end.kind === "failure" ? end.reason : "it was powered off";
  }
}
