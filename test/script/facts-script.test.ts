import fs from "node:fs";
import { readHostFacts } from "../../provider/facts/host-facts";
import { vmConfigs } from "../../provider/facts/vm-configs";
import { factsScript } from "../../provider/script/facts-script";
import { DirectoryHost, SHELLS } from "./directory-host";

const CONFIG = "name = 'a'\r\npci = [ '01:00.0' ] # @facts-end\n@facts-end";

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("facts are read under %s", (_, shell) => {
  const host = new DirectoryHost();
  try {
    host.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    host.write("/etc/xen/a.cfg", CONFIG);
    host.write("/sys/hypervisor/type", "xen\n");
    host.write("/sys/hypervisor/version/major", "4\n");
    const facts = readHostFacts(host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false })).stdout);
    expect(facts.machine).toMatchObject({
      id: "0123456789abcdef0123456789abcdef",
      sshServerAddress: "192.0.2.7",
      missingCommands: [],
      hasSetsid: true,
    });
    expect(facts.xen?.major).toBe(4);
    expect(vmConfigs(facts.files).map((file) => file.text)).toEqual([CONFIG]);
  } finally {
    host.remove();
  }
});

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "the files of a host with xm and of a program that names one are read once each under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      host.command("xm", "exit 0");
      host.write("/sys/hypervisor/type", "xen\n");
      const paths = ["/etc/modprobe.d/a.conf", "/etc/xen/xend-pci-quirks.sxp", "/etc/xen/pciback.conf", "/etc/xen/vm"];
      for (const path of [...paths, "/var/my vm's"]) host.write(path, `${path}\n`);
      host.write("/etc/init.d/mine", "conf=/etc/xen/pciback.conf\n");
      const { stdout } = host.run(shell, factsScript({ vmConfigPaths: [host.path("/var/my vm's")], libvirt: false }));
      const { files } = readHostFacts(stdout);
      expect([...files.byPath.keys()].sort()).toEqual([...paths, "/etc/init.d/mine", "/var/my vm's"].sort());
      expect(stdout.match(/^\|file /gm)).toHaveLength(paths.length + 2);
      expect(vmConfigs(files).map(({ path }) => path)).toEqual([...paths.slice(1).sort(), "/var/my vm's"].sort());
      expect(files.pcibackConfReaders).toEqual(["/etc/init.d/mine"]);
    } finally {
      host.remove();
    }
  },
);

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "what VMs have is asked only where one runs under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      host.write("/sys/hypervisor/type", "xen\n");
      host.command("xl", 'echo "xl $*" >> "$ROOT/asked"; cat "$ROOT/list"');
      host.command("xenstore-ls", 'echo xenstore-ls >> "$ROOT/asked"');
      const questions = factsScript({ vmConfigPaths: [], libvirt: false });
      const askedWith = (list: string) => {
        host.write("/list", list);
        host.write("/asked", "");
        host.run(shell, questions.replace("\nfacts <", "\nask_domains <"));
        return host.read("/asked")?.trim().split("\n");
      };
      const alone = "Name      ID   Mem VCPUs\tState\tTime(s)\nDomain-0   0  1024     1     r-----      20.1\n";
      const all = ["xl list", "xenstore-ls", "xl list -l"];
      expect(askedWith(alone)).toEqual(["xl list"]);
      expect(askedWith(`${alone}db         3   512     2     -b----       1.5\n`)).toEqual(all);
      // What is not as expected is looked at more closely.
      expect(askedWith(alone.replace("Domain-0", "(null)"))).toEqual(all);
      expect(askedWith("")).toEqual(all);
    } finally {
      host.remove();
    }
  },
);

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "a VM configuration on a file system that hangs is not waited for under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      host.write("/etc/xen/a.cfg", CONFIG);
      host.write("/etc/default/grub", "GRUB_CMDLINE_LINUX=quiet\n");
      fs.mkdirSync(host.path("/etc/xen/auto"));
      fs.symlinkSync("../a.cfg", host.path("/etc/xen/auto/a"));
      const script = factsScript({ vmConfigPaths: [], libvirt: false });
      const read = readHostFacts(host.run(shell, script).stdout).files;
      expect(vmConfigs(read)).toHaveLength(1);
      expect(read.whyNoVmConfigs).toBeUndefined();
      const { stdout } = host.run(shell, script.replace('limited 20 ls -dL $vm_configs "$@"', "limited 1 sleep 20"));
      const { files } = readHostFacts(stdout);
      expect(vmConfigs(files)).toEqual([]);
      expect(files.whyNoVmConfigs).toMatch(/could not be found within 20 s\. They may be on a network file system/);
      expect([...files.byPath.keys()]).toContain("/etc/default/grub");
    } finally {
      host.remove();
    }
  },
);

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "the serial lines of the console are found with what carries them under %s",
  (_, shell) => {
    const linesOf = (files: Readonly<Record<string, string>>) => {
      const host = new DirectoryHost();
      try {
        host.write("/sys/devices/pci0000:00/0000:00:16.3/tty/ttyS4/dev", "4:68\n");
        host.write("/sys/devices/virtual/tty/tty0/dev", "4:0\n");
        for (const [path, text] of Object.entries(files)) host.write(path, text);
        fs.mkdirSync(host.path("/sys/class/tty"), { recursive: true });
        fs.symlinkSync("../../devices/pci0000:00/0000:00:16.3/tty/ttyS4", host.path("/sys/class/tty/ttyS4"));
        fs.symlinkSync("../../devices/virtual/tty/tty0", host.path("/sys/class/tty/tty0"));
        const { stdout } = host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false }));
        return readHostFacts(stdout).console.serialLines;
      } finally {
        host.remove();
      }
    };
    const amt = [{ name: "ttyS4", carriedBy: "0000:00:16.3" }];
    expect(linesOf({ "/sys/class/tty/console/active": "tty0 ttyS4\n" })).toEqual(amt);
    expect(linesOf({ "/sys/class/tty/console/active": "tty0\n" })).toEqual([]);
    expect(linesOf({ "/proc/cmdline": "ro console=tty0 console=ttyS4,115200n8 quiet\n" })).toEqual(amt);
  },
);

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "USB devices are found with the controller that carries them, and hubs are none, under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      const bus = "/sys/devices/pci0000:00/0000:00:06.0/0000:02:00.0/usb2";
      const devices: readonly (readonly [string, string, readonly (readonly [string, string])[]])[] = [
        ["2-1", "0424:2514", [["2-1:1.0", "hub"]]],
        ["2-1.3", "0403:6001", [["2-1.3:1.0", "ftdi_sio"]]],
        [
          "2-2",
          "046d:c52b",
          [
            ["2-2:1.0", "usbhid"],
            ["2-2:1.1", "usbhid"],
          ],
        ],
      ];
      fs.mkdirSync(host.path(bus), { recursive: true });
      fs.mkdirSync(host.path("/sys/bus/usb/devices"), { recursive: true });
      fs.symlinkSync(host.path(bus), host.path("/sys/bus/usb/devices/usb2"));
      for (const [device, id, interfaces] of devices) {
        const [vendor, product] = id.split(":");
        host.write(`/sys/bus/usb/devices/${device}/idVendor`, `${vendor}\n`);
        host.write(`/sys/bus/usb/devices/${device}/idProduct`, `${product}\n`);
        for (const [name, driver] of interfaces) {
          host.write(`/sys/bus/usb/drivers/${driver}/bind`, "");
          fs.mkdirSync(host.path(`/sys/bus/usb/devices/${name}`));
          fs.symlinkSync(`../../drivers/${driver}`, host.path(`/sys/bus/usb/devices/${name}/driver`));
        }
      }
      const { stdout } = host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false }));
      const carriedBy = "0000:02:00.0";
      expect(readHostFacts(stdout).usbDevices).toEqual([
        { id: "0403:6001", drivers: ["ftdi_sio"], carriedBy },
        { id: "046d:c52b", drivers: ["usbhid"], carriedBy },
      ]);
    } finally {
      host.remove();
    }
  },
);

/** [what it is, what its /proc and /sys have, whether it is a VM] */
const systemsOnXen: readonly [string, Readonly<Record<string, string>>, boolean][] = [
  ["dom0 with xenfs", { "/proc/xen/capabilities": "control_d\n" }, false],
  ["domU with xenfs", { "/proc/xen/capabilities": "" }, true],
  ["dom0 without xenfs", { "/sys/hypervisor/properties/features": "0000fef5\n" }, false],
  ["domU without xenfs", { "/sys/hypervisor/properties/features": "000006f1\n" }, true],
  ["HVM domU without xenfs", { "/sys/hypervisor/properties/features": "00002705\n" }, true],
  ["dom0 that shows neither", {}, false],
];
describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("a system on Xen under %s", (_, shell) => {
  test.each(systemsOnXen)("%s", (_what, files, isDomU) => {
    const host = new DirectoryHost();
    try {
      for (const [path, text] of Object.entries(files)) host.write(path, text);
      host.write("/sys/hypervisor/type", "xen\n");
      host.write("/sys/hypervisor/version/major", "4\n");
      const { machine, xen } = readHostFacts(
        host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false })).stdout,
      );
      expect([machine.isDomU, xen?.major]).toEqual([isDomU, isDomU ? undefined : 4]);
    } finally {
      host.remove();
    }
  });
});

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "what processes have open, under %s",
  (_, shell) => {
    const processesOf = (arrange: (host: DirectoryHost) => void, list = "limited 30 ls -ln ") => {
      const host = new DirectoryHost();
      try {
        host.write("/proc/1/fd/0", "");
        arrange(host);
        const script = factsScript({ vmConfigPaths: [], libvirt: false }).replace("limited 30 ls -ln ", list);
        return readHostFacts(host.run(shell, script).stdout).processes;
      } finally {
        host.remove();
      }
    };
    const process = (host: DirectoryHost, pid: number, name: string, ...files: readonly string[]) => {
      host.write(`/proc/${pid}/comm`, `${name}\n`);
      host.write(`/proc/${pid}/fd/0`, "");
      for (const [number, file] of files.entries()) fs.symlinkSync(file, host.path(`/proc/${pid}/fd/${number + 3}`));
    };

    test("VMs, with what libvirt calls them, and devices with their functions", () => {
      const processes = processesOf((host) => {
        process(host, 4711, "qemu-system-x86", "/dev/kvm", "anon_inode:kvm-vm", "/dev/vfio/vfio", "/dev/vfio/12");
        process(host, 812, "CPU 0 and more", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dri/card1", "/dev/dri/card1");
        process(host, 900, "sshd", "socket:[4242]", "/dev/pts/0");
        host.write("/var/run/libvirt/qemu/it's web.pid", "4711");
        host.write("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t A2\nDevice Minor: \t 0\n");
        host.write("/sys/devices/pci0000:00/0000:00:02.0/drm/card1/dev", "226:1\n");
        fs.symlinkSync("../..", host.path("/sys/devices/pci0000:00/0000:00:02.0/drm/card1/device"));
        fs.mkdirSync(host.path("/sys/class/drm"), { recursive: true });
        fs.symlinkSync("../../devices/pci0000:00/0000:00:02.0/drm/card1", host.path("/sys/class/drm/card1"));
      });
      expect(processes.kind === "listed" ? [...processes.processes].sort((a, b) => b.pid - a.pid) : []).toEqual([
        {
          pid: 4711,
          name: "qemu-system-x86",
          runsVm: true,
          vmName: "it's web",
          opened: [{ file: "/dev/vfio/12", iommuGroup: "12", address: undefined }],
        },
        {
          pid: 812,
          name: "CPU 0 and more",
          runsVm: false,
          vmName: undefined,
          opened: [
            { file: "/dev/nvidia0", iommuGroup: undefined, address: "0000:01:00.0" },
            { file: "/dev/dri/card1", iommuGroup: undefined, address: "0000:00:02.0" },
          ],
        },
      ]);
    });

    test("on Xen without such devices no process is looked at", () => {
      const processes = processesOf((host) => {
        host.write("/sys/hypervisor/type", "xen\n");
        process(host, 4711, "qemu-system-i38", "anon_inode:kvm-vm");
      });
      expect(processes).toEqual({ kind: "listed", processes: [] });
    });

    test("a host that does not list them in time says so", () => {
      expect(processesOf(() => {}, "limited 1 sleep 20 #")).toEqual({ kind: "unlisted" });
    });
  },
);

test.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))(
  "the record of a run counts once that run has ended, under %s",
  (_, shell) => {
    const host = new DirectoryHost();
    try {
      const record = { version: 1, regenerate: [{ what: "proxmox-boot" }], bootChanges: [], removals: [], forget: [] };
      host.write("/var/lib/pulumi-pci-passthrough/unfinished/run-1", JSON.stringify(record));
      host.write("/var/lib/pulumi-pci-passthrough/unfinished/damaged", "{");
      host.write("/var/run/pulumi-pci-passthrough/lock", "");
      const script = factsScript({ vmConfigPaths: [], libvirt: false });
      const lock = "exec 7>> /var/run/pulumi-pci-passthrough/lock; flock -n 7\n";
      const records = (text: string) =>
        readHostFacts(host.run(shell, text).stdout).unfinishedRuns.map((run) => run.record);
      expect(records(script)).toEqual([record]);
      expect(records(lock + script)).toEqual([]);
    } finally {
      host.remove();
    }
  },
);

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("what disks hold, under %s", (_, shell) => {
  const storageOf = (arrange: (host: DirectoryHost) => void) => {
    const host = new DirectoryHost();
    try {
      host.write("/proc/self/mountinfo", "22 1 0:31 / / rw - zfs rpool/ROOT/pve-1 rw\n");
      host.write("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda2   partition\t8\t4\t-2\n");
      arrange(host);
      const { stdout } = host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false }));
      return stdout.slice(stdout.indexOf("@storage"), stdout.indexOf("@network"));
    } finally {
      host.remove();
    }
  };

  test("udev's database is asked before blkid, and of swap only what is stable", () => {
    const answer = storageOf((host) => {
      host.write("/run/udev/data/b8:1", "S:disk/by-uuid/1\nI:99\nE:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=rpool\n");
      host.command("blkid", "echo asked");
    });
    expect(answer).toContain("|/run/udev/data/b8:1:S:disk/by-uuid/1\n");
    expect(answer).toContain("|/run/udev/data/b8:1:E:ID_FS_TYPE=zfs_member\n");
    expect(answer).toContain("|swap /dev/sda2 partition\n");
    expect(answer).not.toMatch(/I:99|asked/);
  });

  test("where there is no such database, blkid tells; zpool names pools and devices alone", () => {
    const answer = storageOf((host) => {
      host.command("blkid", "echo '/dev/sda1: TYPE=\"LVM2_member\"'");
      host.write("/sys/module/zfs/version", "2.2.3-pve1\n");
      // openzfs 2.2, man/man8/zpool-status.8
      host.command(
        "zpool",
        `cat << 'END'
  pool: rpool
 state: ONLINE
  scan: scrub in progress since Sun Nov 10 00:24:01 2024
config:

\tNAME                 STATE     READ WRITE CKSUM
\trpool                ONLINE       0     0     0
\t  mirror-0           ONLINE       0     0     0
\t    /dev/sda3        ONLINE       0     0     0
\t    /dev/nvme0n1p3   ONLINE       0     0     0
END`,
      );
    });
    expect(answer).toContain(
      '|blkid /dev/sda1: TYPE="LVM2_member"\n|zpool rpool\n|vdev /dev/sda3\n|vdev /dev/nvme0n1p3\n',
    );
    expect(answer).not.toContain("scrub");
  });
});
