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
