import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { quote } from "../../provider/shell";
import { runCommand } from "../../scripts/command.js";
import { Monitor } from "./monitor";

/** An NVMe controller, and whether it can have virtual functions. */
export type Controller = "with-functions" | "plain";

/** What QEMU is started with. */
export interface MachineOptions {
  /** `plain` boots kernel and initrd without GRUB, Xen and IOMMU; the others boot from the disk. */
  readonly boot:
    | { readonly kind: "xen" | "kvm" }
    | { readonly kind: "plain"; readonly kernel: string; readonly initrd: string };
  /** A qcow2 file, written to. */
  readonly disk: string;
  /** A qcow2 file for the NVMe controller, written to. */
  readonly nvme: string;
  /** `unplugged`: it comes with `plugController`. */
  readonly controller: Controller | "unplugged";
  /** A qcow2 file for the USB stick, written to. */
  readonly stick: string;
  /** Where the serial console is appended to; `.sock` beside it takes input (Ctrl-A three times reaches Xen). */
  readonly console: string;
  /** On 127.0.0.1, forwarded to the host's port 22. */
  readonly port: number;
  readonly memoryMiB: number;
  /** As QEMU's `-cpu` has it. */
  readonly processor: string;
  /** A file of `save`, by a machine with the same options: it goes on from there instead of booting. */
  readonly memory?: string;
}

/** How a machine ended: by the host's own doing, or else, with what QEMU said. */
export type MachineEnd =
  | { readonly kind: "reboot" }
  | { readonly kind: "power-off" }
  | { readonly kind: "failure"; readonly reason: string };

/** QEMU looks translated code up all over its heap: with huge pages there it takes a quarter less CPU (glibc 2.35). */
const IN_HUGE_PAGES = { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** One run of QEMU, from power on to a reboot or power off of the host. */
export class Machine {
  readonly ended: Promise<MachineEnd>;
  private readonly qemu: ChildProcess;
  private readonly monitor: Monitor;

  constructor(private readonly options: MachineOptions) {
    // The kernel ends QEMU together with this process, however that ends; its own session keeps Ctrl-C from it.
    const command = ["--pdeathsig", "KILL", "qemu-system-x86_64", ...qemuArguments(options)];
    const env = { ...process.env, ...IN_HUGE_PAGES };
    const qemu = spawn("setpriv", command, { detached: true, env, stdio: ["pipe", "pipe", "pipe"] });
    this.qemu = qemu;
    let stderr = "";
    qemu.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    let end: MachineEnd | undefined;
    // Tells a reboot from a power off, which -no-reboot makes look alike.
    this.monitor = new Monitor(qemu, ({ event, data }) => {
      if (event === "SHUTDOWN" && data.reason === "guest-reset") end = { kind: "reboot" };
      if (event === "SHUTDOWN" && data.reason === "guest-shutdown") end = { kind: "power-off" };
    });
    this.ended = new Promise((resolve) => {
      qemu.on("error", (error) => resolve({ kind: "failure", reason: error.message }));
      qemu.on("close", (exitCode, signal) => {
        resolve(
          end ?? { kind: "failure", reason: `QEMU ended with ${signal ?? `exit code ${exitCode}`}: ${stderr.trim()}` },
        );
      });
    });
  }

  /**
   * Writes the machine's memory and the state of its devices to the file, and stops it: its disks stay as they are then.
   * QEMU saves no machine with an NVMe controller (hw/nvme/ctrl.c, `unmigratable`).
   */
  async save(file: string): Promise<void> {
    // All at once: neither a limit of bytes a second, nor another round for what changed meanwhile.
    await this.monitor.execute("migrate-set-parameters", { "max-bandwidth": 2 ** 40, "downtime-limit": 600_000 });
    await this.monitor.execute("migrate", { uri: `exec:cat > ${quote(file)}` });
    for (;;) {
      const { status } = await this.monitor.execute("query-migrate");
      if (status === "completed") return;
      if (status === "failed") throw new Error(`QEMU could not write ${file}`);
      await sleep(100);
    }
  }

  /**
   * Puts the NVMe controller into its slot while the machine runs. One with functions has no disk then: QEMU attaches
   * that by a bus on which nothing can be plugged (hw/nvme/ns.c).
   */
  async plugController(controller: Controller): Promise<void> {
    if (controller === "with-functions") {
      await this.monitor.execute("device_add", { driver: "nvme", ...CONTROLLER_WITH_FUNCTIONS });
      return;
    }
    const file = { driver: "file", filename: this.options.nvme };
    await this.monitor.execute("blockdev-add", { driver: "qcow2", "node-name": "namespace", file });
    await this.monitor.execute("device_add", { driver: "nvme", ...PLAIN_CONTROLLER });
  }

  /** Resolves when it runs: one with `memory` has to read that first. */
  async running(): Promise<void> {
    while ((await this.monitor.execute("query-status")).status !== "running") await sleep(100);
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    this.qemu.kill("SIGKILL");
    await this.ended;
  }
}

/** What the serial console said so far. */
export function consoleText(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, "latin1") : "";
}

const CONTROLLER = { serial: "lab1", bus: "port3", max_ioqpairs: 24, msix_qsize: 32 };
const PLAIN_CONTROLLER = { ...CONTROLLER, drive: "namespace" };
// sriov_vq_flexible and sriov_vi_flexible must be a multiple of sriov_max_vfs (docs/system/devices/nvme in QEMU).
const CONTROLLER_WITH_FUNCTIONS = {
  ...CONTROLLER,
  subsys: "subsystem",
  sriov_max_vfs: 4,
  sriov_vq_flexible: 8,
  sriov_vi_flexible: 4,
};

type Properties = Readonly<Record<string, string | number>>;

function nvmeArguments(properties: Properties): readonly string[] {
  return ["-device", ["nvme", ...Object.entries(properties).map((entry) => entry.join("="))].join(",")];
}

/** What QEMU is called with. */
export function qemuArguments(options: MachineOptions): string[] {
  const { boot, disk, stick, console, port, memoryMiB, processor, memory } = options;
  const groups: (readonly string[])[] = [
    ["-machine", "q35,kernel-irqchip=split", "-accel", "tcg,thread=multi", "-cpu", processor],
    // One processor: with two, dom0 was seen to hang with both of its vCPUs blocked, and programs to crash at random.
    ["-smp", "1", "-m", String(memoryMiB), "-display", "none"],
    // A warm reset with the emulated VT-d hangs, so a reboot ends QEMU, and the next run boots.
    ["-no-reboot", "-chardev", "stdio,id=qmp,signal=off", "-mon", "chardev=qmp,mode=control"],
    [
      "-chardev",
      `socket,id=console,path=${console}.sock,server=on,wait=off,logfile=${console},logappend=on`,
      "-serial",
      "chardev:console",
    ],
    [
      "-drive",
      `file=${disk},format=qcow2,cache=unsafe,if=none,id=disk`,
      "-device",
      "virtio-blk-pci,drive=disk,addr=2,bootindex=1",
    ],
    ["-netdev", `user,id=management,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ["-device", "e1000e,netdev=management,mac=52:54:00:12:34:56,addr=3"],
    ...[1, 2, 3].map((n) => ["-device", `pcie-root-port,id=port${n},chassis=${n},slot=${n},addr=${n + 4}`]),
    ["-netdev", "user,id=net0,restrict=on", "-netdev", "user,id=net1,restrict=on"],
    ["-device", "e1000e,netdev=net0,bus=port1,addr=0.0,multifunction=on,mac=52:54:00:12:34:57"],
    ["-device", "e1000e,netdev=net1,bus=port1,addr=0.1,mac=52:54:00:12:34:58"],
    ["-device", "qemu-xhci,id=usb,bus=port2", "-device", "usb-kbd,bus=usb.0"],
    ["-drive", `file=${stick},format=qcow2,if=none,id=stick`, "-device", "usb-storage,bus=usb.0,drive=stick"],
    ...controllerArguments(options),
    bootArguments(boot),
    memory === undefined ? [] : ["-incoming", `exec:cat ${quote(memory)}`],
  ];
  return groups.flat();
}

function controllerArguments({ controller, nvme }: MachineOptions): readonly (readonly string[])[] {
  const drive = ["-drive", `file=${nvme},format=qcow2,if=none,id=namespace`];
  const subsystem = ["-device", "nvme-subsys,id=subsystem"];
  switch (controller) {
    case "unplugged":
      return [subsystem];
    case "plain":
      return [drive, nvmeArguments(PLAIN_CONTROLLER)];
    case "with-functions":
      return [
        drive,
        subsystem,
        nvmeArguments(CONTROLLER_WITH_FUNCTIONS),
        ["-device", "nvme-ns,drive=namespace,nsid=1"],
      ];
  }
}

function bootArguments(boot: MachineOptions["boot"]): readonly string[] {
  switch (boot.kind) {
    case "plain":
      return ["-kernel", boot.kernel, "-initrd", boot.initrd, "-append", "root=LABEL=root console=ttyS0 norandmaps"];
    case "xen": // recipe/host/boot/grub/custom.cfg reads the product name
      return ["-device", "intel-iommu,intremap=on", "-smbios", "type=1,product=xen"];
    case "kvm":
      return ["-device", "intel-iommu,intremap=on,caching-mode=on", "-smbios", "type=1,product=kvm"];
  }
}

export type MachineFiles = Pick<MachineOptions, "disk" | "nvme" | "stick" | "console">;

/** The files that QEMU keeps in the folder of one host. */
export function machineFiles(folder: string): MachineFiles {
  return {
    disk: path.join(folder, "disk.qcow2"),
    nvme: path.join(folder, "nvme.qcow2"),
    stick: path.join(folder, "stick.qcow2"),
    console: path.join(folder, "console.txt"),
  };
}

/** Makes the disks: the one that the host boots from shows what is on `backing` until it is written to. */
export async function makeDisks({ disk, nvme, stick }: MachineFiles, backing: string): Promise<void> {
  await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing, disk]);
  for (const empty of [nvme, stick]) await runCommand("qemu-img", ["create", "-q", "-f", "qcow2", empty, "64M"]);
}
