import fs from "node:fs";
import type { Regeneration } from "../../provider/claims/run-record";
import type { FileEdit } from "../../provider/steps/file";
import type { Step } from "../../provider/steps/steps";
import { group, scriptOf } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const DEFAULTS = "/etc/default/grub";
const CONFIG = "/boot/grub/grub.cfg";
const OLD_CONFIG = "menuentry 'old' {\n}\n";
const EDIT: FileEdit = {
  kind: "edit-file",
  path: DEFAULTS,
  before: "before\n",
  after: "after\n",
  hides: [],
  original: "keep",
};
const GRUB: Regeneration = { what: "grub-config", path: CONFIG };
const INITRAMFS: Regeneration = { what: "initramfs", ifItHas: ["e1000e", "xhci_pci"] };

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
  host.write(DEFAULTS, "before\n");
  host.write(CONFIG, OLD_CONFIG);
  for (const name of ["grub-mkconfig", "grub2-mkconfig"])
    host.command(name, `echo "menuentry 'new' {" > "$2"; echo } >> "$2"`);
  for (const name of ["grub-script-check", "grub2-script-check"]) host.command(name, "exit 0");
});
afterEach(() => host.remove());

function run(shell: readonly string[], parts: readonly (Step | Regeneration)[], change = (script: string) => script) {
  const script = scriptOf(group(...parts));
  const { stdout } = host.run(shell, change(script.text));
  return { stdout, result: script.read(stdout) };
}

function apply(shell: readonly string[], ...parts: (Step | Regeneration)[]) {
  const { result, stdout } = run(shell, parts);
  if (result.kind !== "ended") throw new Error(`${result.kind}: ${stdout}`);
  return result.groups[0];
}

/** A heartbeat and a limit of one second. */
const hurried = (script: string) => script.replace("while sleep 10 ", "while sleep 1 ").replaceAll("+ 10))", "+ 1))");
const limited = (script: string) => hurried(script).replace("limit=1800", "limit=1");

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("a new grub.cfg takes the place of the old one when GRUB can read it", () => {
    fs.chmodSync(host.path(CONFIG), 0o600);
    expect(apply(shell, EDIT, GRUB)).toEqual({ kind: "done" });
    expect(host.read(CONFIG)).toBe("menuentry 'new' {\n}\n");
    expect(fs.statSync(host.path(CONFIG)).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(host.path("/boot/grub"))).toEqual(["grub.cfg"]);
  });

  test("what takes too long is ended with its children, and the sources are put back", () => {
    host.command("update-initramfs", `sh -c 'sleep 4; echo late > "$0"' "$ROOT/late"`);
    const { result } = run(shell, [EDIT, INITRAMFS], limited);
    expect(result.kind === "ended" && result.groups[0]).toMatchObject({
      kind: "failed",
      output: expect.stringContaining("it took longer than 1 s"),
    });
    expect(host.read(DEFAULTS)).toBe("before\n");
    expect(fs.existsSync(host.path("/late"))).toBe(false);
  });
});

describe("under sh", () => {
  const shell = ["sh"];

  const bad: readonly [string, () => void, RegExp][] = [
    [
      "grub-mkconfig fails",
      () => host.command("grub2-mkconfig", `echo half > "$2"; echo "no space left" >&2; exit 1`),
      /no space left/,
    ],
    [
      "it makes what GRUB cannot read",
      () => host.command("grub2-script-check", "echo 'error: line: 1' >&2; exit 1"),
      /error: line: 1[\s\S]*wrote a file that GRUB cannot read/,
    ],
    ["it makes a file without an entry", () => host.command("grub2-mkconfig", ': > "$2"'), /without any boot entry/],
    [
      "it changes the timeout",
      () => host.command("grub2-mkconfig", `printf 'set timeout=0\nmenuentry new {\n}\n' > "$2"`),
      /would change the default or the timeout[\s\S]*grub2-mkconfig -o \/boot\/grub\/grub.cfg yourself first/,
    ],
    [
      "it drops an entry whose kernel is there",
      () => {
        host.write("/boot/xen-4.17.gz", "");
        host.write(CONFIG, "menuentry 'Xen' {\n\tmultiboot2 /xen-4.17.gz placeholder\n}\n");
      },
      /would drop the entry of \/xen-4.17.gz/,
    ],
    [
      "it gives the argument to one entry of this host and not to another",
      () => {
        const section = (...lines: readonly string[]) =>
          `### BEGIN /etc/grub.d/20_linux_xen ###\n${lines
            .map(
              (line, index) => `menuentry 'Xen ${index}' {\n\tmultiboot2 /xen.gz ${line}\n\tmodule2 /vmlinuz ro\n}\n`,
            )
            .join("")}### END /etc/grub.d/20_linux_xen ###\n`;
        host.write(CONFIG, section("dom0_mem=1G", "dom0_mem=1G"));
        host.write("/made", section("dom0_mem=1G iommu=on", "dom0_mem=1G"));
        host.command("grub2-mkconfig", `cat "${host.path("/made")}" > "$2"`);
      },
      /gives iommu=on to some entries, but not to "Xen 1"; \S* was left unchanged/,
    ],
  ];
  test.each(bad)("%s: the old grub.cfg stays, and the sources are put back", (_, spoil, why) => {
    spoil();
    const before = host.read(CONFIG);
    expect(apply(shell, EDIT, GRUB)).toMatchObject({
      kind: "failed",
      step: "rebuild grub.cfg",
      output: expect.stringMatching(why),
    });
    expect(host.read(CONFIG)).toBe(before);
    expect(host.read(DEFAULTS)).toBe("before\n");
    expect(fs.readdirSync(host.path("/boot/grub"))).toEqual(["grub.cfg"]);
  });

  test("an initramfs is made anew when it has the driver, or a file of ours; else it stays", () => {
    host.write("/etc/running", "");
    for (const [listing, made] of [
      ["usr/lib/modules/6.1/kernel/drivers/net/e1000e.ko", true],
      ["usr/lib/modules/6.1/kernel/drivers/usb/host/xhci-pci.ko.zst", true],
      ["etc/modprobe.d/pulumi-pci-passthrough.conf", true],
      ["usr/lib/modules/6.1/kernel/drivers/net/not-e1000e.ko", false],
    ] as const) {
      host.write(DEFAULTS, "before\n");
      fs.rmSync(host.path("/initramfs-runs"), { force: true });
      host.command("lsinitramfs", `echo '${listing}'`);
      expect(apply(shell, EDIT, INITRAMFS)).toEqual({ kind: "done" });
      expect([listing, fs.existsSync(host.path("/initramfs-runs"))]).toEqual([listing, made]);
    }
  });

  test("a dracut image without our hook does not take the place of the old one", () => {
    const hook = "usr/lib/dracut/hooks/pre-udev/00-early.sh";
    fs.rmSync(host.path("/bin/update-initramfs"));
    host.write("/boot/initramfs-6.1.img", "old");
    host.write("/usr/lib/dracut/modules.d/90pulumi-pci-passthrough/early.sh", "#!/bin/sh\n");
    host.command("uname", "echo 6.1");
    host.command("dracut", 'echo new > "$2"');
    host.command("lsinitrd", `[ ! -e "$ROOT/listing" ] || cat "$ROOT/listing"`);
    host.write("/listing", "etc/modprobe.d/pulumi-pci-passthrough.conf\n");
    expect(apply(shell, EDIT, INITRAMFS)).toMatchObject({
      kind: "failed",
      output: expect.stringMatching(
        /dracut left 90pulumi-pci-passthrough out[\s\S]*dracut.conf[\s\S]*was left unchanged/,
      ),
    });
    expect(host.read("/boot/initramfs-6.1.img")).toBe("old");
    host.write("/listing", `${hook}\netc/modprobe.d/pulumi-pci-passthrough.conf\n`);
    expect(apply(shell, EDIT, INITRAMFS)).toEqual({ kind: "done" });
    expect(host.read("/boot/initramfs-6.1.img")).toBe("new\n");
  });

  test("the user is told while something takes long", () => {
    host.command("update-initramfs", "echo Generating; sleep 2.5");
    const { stdout, result } = run(shell, [EDIT, INITRAMFS], hurried);
    expect(result.kind === "ended" && result.groups[0]).toEqual({ kind: "done" });
    expect(stdout).toMatch(/^@progress update-initramfs: 1 s so far; Generating$/m);
  });

  test("power that goes between write and rename leaves the old file, and the next run goes on", () => {
    // The last shell of the pipe, the step's, and the script's own.
    host.command(
      "mv",
      `kill -KILL "$SCRIPT" "$(sed 's/.*) . \\([0-9]*\\) .*/\\1/' "/proc/$PPID/stat")" "$PPID"; sleep 0.2`,
    );
    expect(run(shell, [EDIT], (script) => `export SCRIPT=$$\n${script}`).result.kind).toBe("unfinished");
    expect(host.read(DEFAULTS)).toBe("before\n");
    fs.rmSync(host.path("/bin/mv"));
    expect(apply(shell, EDIT)).toEqual({ kind: "done" });
    expect(host.read(DEFAULTS)).toBe("after\n");
    expect(fs.readdirSync(host.path("/etc/default"))).toEqual(["grub"]);
  });

  test("an immutable file: nothing is changed, and the way out is named", () => {
    host.command(
      "mv",
      `case "$3" in */default/grub) echo "mv: cannot move: Operation not permitted" >&2; exit 1 ;; esac; exec /bin/mv "$@"`,
    );
    host.command("lsattr", `echo "----i---------e------- $2"`);
    expect(apply(shell, EDIT)).toMatchObject({
      kind: "failed",
      step: "edit /etc/default/grub",
      output: expect.stringMatching(
        /Operation not permitted[\s\S]*is immutable\. Make it writable: chattr -i .*\/etc\/default\/grub/,
      ),
    });
    expect(host.read(DEFAULTS)).toBe("before\n");
  });

  test("a script for the initramfs can be run, and its folder goes with it", () => {
    const path = "/etc/x/90pulumi-pci-passthrough/early.sh";
    const script: FileEdit = {
      ...EDIT,
      path,
      before: undefined,
      after: "#!/bin/sh\n",
      original: "leave",
      executable: true,
    };
    expect(apply(shell, script)).toEqual({ kind: "done" });
    expect(fs.statSync(host.path(path)).mode & 0o777).toBe(0o755);
    expect(apply(shell, { ...script, before: "#!/bin/sh\n", after: undefined })).toEqual({ kind: "done" });
    expect(fs.existsSync(host.path("/etc/x/90pulumi-pci-passthrough"))).toBe(false);
  });
});
