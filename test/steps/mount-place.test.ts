import fs from "node:fs";
import { MOUNT_PLACE_FUNCTIONS } from "../../provider/steps/mount-place";
import { DirectoryHost, SHELLS } from "../script/directory-host";

const NVME = "0000:03:00.0";
const MOUNTINFO = `22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
40 22 259:2 / /srv/two\\040words%20 rw,nosuid,relatime shared:20 - xfs /dev/nvme0n1p1 rw,inode64
41 22 259:2 /inside /home rw,relatime shared:20 - xfs /dev/nvme0n1p1 rw,inode64
42 22 259:0 / /mnt/whole ro,noatime - ext4 /dev/nvme0n1 ro
`;
const SAVED = String.raw`/srv/two\040words%20 1111-2222 xfs rw,nosuid,relatime rw,inode64
/mnt/whole whole ext4 ro,noatime ro`;

/** A disk with one partition behind a multipath NVMe controller, and the one of the host. */
const DISKS = {
  nvme0c0n1: `pci0000:00/0000:00:07.0/${NVME}/nvme/nvme0/nvme0c0n1`,
  nvme0n1: "virtual/nvme-subsystem/nvme-subsys0/nvme0n1",
  vda: "pci0000:00/0000:00:02.0/virtio0/block/vda",
};
/** Not those of busybox, which takes its own before any of PATH. */
const FAKES = `
read_uptime() {
  read -r uptime idle < /proc/uptime
  uptime=\${uptime%%.*}
}
mount() {
  printf 'mount'; printf ' <%s>' "$@"; echo
  [ ! -e /etc/no-mount ]
}
umount() {
  printf 'umount'; printf ' <%s>' "$@"; echo
}`;

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  let host: DirectoryHost;
  beforeEach(() => {
    host = new DirectoryHost();
    host.write("/proc/self/mountinfo", MOUNTINFO);
    for (const [name, path] of Object.entries(DISKS)) {
      host.write(`/sys/devices/${path}/dev`, "");
      link(`/sys/class/block/${name}`, `../../devices/${path}`);
    }
    host.write("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/dev", "259:0\n");
    host.write("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1/dev", "259:2\n");
    link("/dev/disk/by-uuid/whole", "../../nvme0n1");
    link("/dev/disk/by-uuid/1111-2222", "../../nvme0n1p1");
  });
  afterEach(() => host.remove());

  const link = (path: string, target: string) => {
    fs.mkdirSync(host.path(path.replace(/[^/]*$/, "")), { recursive: true });
    fs.rmSync(host.path(path), { force: true });
    fs.symlinkSync(target, host.path(path));
  };
  const run = (line: string) => {
    const functions = MOUNT_PLACE_FUNCTIONS.replace("+ 20", "+ 0").replaceAll("/dev/disk/", `${host.root}/dev/disk/`);
    return host.run(shell, `${FAKES}\n${functions}\n${line}\n`).stdout;
  };

  test("whole file systems that are mounted from the disks of a function are saved", () => {
    expect(run(`save_mounts 0000:01:00.0 ${NVME}`)).toBe(`${SAVED}\n`);
    expect(run("save_mounts 0000:01:00.0")).toBe("");
  });

  test("a disk that comes back under another name is mounted again, at the same place", () => {
    host.write("/dev/nvme1n1p1", "");
    host.write("/sys/class/block/nvme1n1p1/dev", "259:5\n");
    link("/dev/disk/by-uuid/1111-2222", "../../nvme1n1p1");
    expect(run(`restore_mounts '${SAVED.split("\n")[0]}'; echo "$?"`)).toBe(
      `umount <-l> </srv/two words%20>
mount <-t> <xfs> <-o> <rw,nosuid,relatime,rw,inode64> </dev/disk/by-uuid/1111-2222> </srv/two words%20>
0
`,
    );
  });

  test("what is mounted from it is left alone, and a disk that stays away is a failure", () => {
    host.write("/dev/nvme0n1", "");
    host.write("/etc/no-mount", "");
    expect(run(`restore_mounts '${SAVED}'; echo "$?"`)).toBe(
      `umount <-l> </srv/two words%20>
mount <-t> <xfs> <-o> <rw,nosuid,relatime,rw,inode64> </dev/disk/by-uuid/1111-2222> </srv/two words%20>
mount <-t> <xfs> <-o> <rw,nosuid,relatime> </dev/disk/by-uuid/1111-2222> </srv/two words%20>
1
`,
    );
  });
});
