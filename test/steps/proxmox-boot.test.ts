import { group, scriptOf } from "../script/apply-groups";
import { DirectoryHost, SHELLS } from "../script/directory-host";

const CMDLINE = "/etc/kernel/cmdline";
const BEFORE = "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n";
const AFTER = "root=ZFS=rpool/ROOT/pve-1 boot=zfs intel_iommu=on\n";

/** proxmox-boot-tool, and a partition that is a folder. It passes over a partition and ends with 0 all the same. */
const COMMANDS = {
  "proxmox-boot-tool": `
[ -e "$ROOT/skips" ] && { echo "mount of /dev/disk/by-uuid/0F9C-1A2B failed - skipping" >&2; exit 0; }
printf 'title    Proxmox\\noptions  %s\\n' "$(head -n 1 "$ROOT${CMDLINE}")" > "$ROOT/esp/loader/entries/proxmox-6.2.conf"`,
  unshare: 'shift 3; exec "$@"',
  mount: 'cp -r "$ROOT/esp/." "$4"',
  umount: 'rm -rf "$1/loader"',
};

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
  host.write(CMDLINE, BEFORE);
  host.write("/etc/kernel/proxmox-boot-uuids", "0F9C-1A2B\n");
  host.write("/esp/loader/entries/proxmox-6.2.conf", `title    Proxmox\noptions  ${BEFORE}`);
  for (const [name, text] of Object.entries(COMMANDS)) host.command(name, text);
});
afterEach(() => host.remove());

const apply = (shell: readonly string[]) => {
  const edit = {
    kind: "edit-file",
    path: CMDLINE,
    before: BEFORE,
    after: AFTER,
    hides: [],
    original: "leave",
  } as const;
  const script = scriptOf(group(edit, { what: "proxmox-boot" }));
  const { stdout, stderr } = host.run(shell, script.text.replaceAll("/etc/kernel", host.path("/etc/kernel")));
  const result = script.read(stdout);
  if (result.kind !== "ended") throw new Error(`${result.kind}: ${stdout}${stderr}`);
  return result.groups[0];
};

// busybox has a mount of its own, and no Proxmox host has busybox for its shell.
describe.each(SHELLS.filter(([program]) => program !== "busybox").map((shell) => [shell.join(" "), shell] as const))(
  "under %s",
  (_, shell) => {
    test("the entries on the partition are made, and read there", () => {
      expect(apply(shell)).toEqual({ kind: "done" });
      expect(host.read("/esp/loader/entries/proxmox-6.2.conf")).toContain(`options  ${AFTER}`);
    });

    test("a partition that proxmox-boot-tool passes over is seen, and the command line is given back", () => {
      host.write("/skips", "");
      expect(apply(shell)).toMatchObject({
        kind: "failed",
        output: expect.stringContaining("on the partition 0F9C-1A2B, proxmox-6.2.conf has the options"),
        notUndone: [],
      });
      expect(host.read(CMDLINE)).toBe(BEFORE);
    });
  },
);
