import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { Claim } from "../../provider/claims/claim";
import { formatRunRecord, parseRunRecord, type RunRecord, runRecordPath } from "../../provider/claims/run-record";
import type { FileEdit } from "../../provider/steps/file";
import { describeStep, type Step } from "../../provider/steps/steps";
import { applyTo, EDIT, group, NIC, scriptOf, TAKE } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const CLAIM: Claim = {
  version: 2,
  token: "t",
  project: 'it\'s $(a) "test"',
  stack: "ünïcode\n",
  label: "l",
  functions: [],
  entries: [],
};
const CLAIMED: Step = { kind: "write-claim", key: "AssignableDevice/0000:01:00.0", before: undefined, claim: CLAIM };

/** Of the run that `apply` makes. */
const RECORD = runRecordPath("run-1");

function edit(
  before: string | undefined,
  after: string | undefined,
  original: FileEdit["original"] = "leave",
): FileEdit {
  return { ...EDIT, before, after, original };
}

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
});
afterEach(() => host.remove());

const apply = (shell: readonly string[], ...groups: Parameters<typeof applyTo>[2][]) => applyTo(host, shell, ...groups);

/** busybox runs its own cp and mv, whatever is in PATH. */
const withPrograms = SHELLS.filter(([program]) => program !== "busybox");

describe.each(withPrograms.map((shell) => [shell.join(" "), shell] as const))(
  "under %s, with programs that fail",
  (_, shell) => {
    test("what cannot be undone keeps its claim, which knows the original driver", () => {
      host.write("/etc/xen/a.cfg", "before");
      host.write("/fail-remove", "");
      host.command("mv", `case "$3" in */a.cfg) exit 1 ;; esac; exec /bin/mv "$@"`);
      const groups = apply(shell, [CLAIMED, TAKE, edit("before", "after", "keep")]);
      expect(groups[0]).toMatchObject({ kind: "failed", notUndone: [{ step: describeStep(TAKE) }] });
      expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual([
        "/etc/xen/a.cfg",
        "/var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0",
      ]);
      expect(host.read("/etc/xen/a.cfg")).toBe("before");
    });

    test("what could not be undone stays owed: the record of the run is left for the next", () => {
      host.write("/etc/xen/a.cfg", "before");
      host.write("/fail-initramfs", "");
      host.command("mv", `case "$(cat "$2")" in before) exit 1 ;; esac; exec /bin/mv "$@"`);
      const groups = apply(shell, [edit("before", "after"), { what: "initramfs" }]);
      expect(groups[0]).toMatchObject({ kind: "failed", notUndone: [{}] });
      expect(parseRunRecord(host.read(RECORD) ?? "")?.regenerate).toEqual([{ what: "initramfs" }]);
    });

    test("a script that is killed takes its steps along: the lock may be another's", async () => {
      for (const file of ["a", "b"]) host.write(`/etc/xen/${file}.cfg`, "before");
      // Its parent does the steps, and that one's parent is the script.
      host.command(
        "mv",
        `read -r pid name state script rest < "/proc/$PPID/stat"
case "$3" in */a.cfg) kill -KILL "$script"; echo "$PPID" > "$ROOT/worker" ;; esac
exec /bin/mv "$@"`,
      );
      const edits = ["a", "b"].map((file) => ({ ...edit("before", "after"), path: `/etc/xen/${file}.cfg` }));
      const script = scriptOf(group(...edits));
      expect(host.converse(shell, script.opening, script.rest).exitCode).not.toBe(0);
      while (fs.existsSync(`/proc/${host.read("/worker")?.trim()}`)) await sleep(50);
      expect(host.read("/etc/xen/a.cfg")).toBe("after");
      expect(host.read("/etc/xen/b.cfg")).toBe("before");
    });

    test("an initramfs whose version cannot be told is not taken for rebuilt", () => {
      host.write("/etc/xen/a.cfg", "1");
      host.command("uname", "exit 1");
      expect(apply(shell, [edit("1", "2"), { what: "initramfs" }])).toMatchObject([{ kind: "failed", notUndone: [] }]);
      expect(host.read("/etc/xen/a.cfg")).toBe("1");
    });

    test("a disk that is full under the copy of a file keeps no part of that copy", () => {
      host.write("/etc/xen/a.cfg", "before");
      host.command("cp", `printf bef > "$3"; echo "cp: error writing '$3': No space left on device" >&2; exit 1`);
      const groups = apply(shell, [edit("before", "after")]);
      expect(groups[0]).toMatchObject({
        kind: "failed",
        output: expect.stringContaining("No space left"),
        notUndone: [],
      });
      expect(host.files().filter((file) => file.startsWith("/etc"))).toEqual(["/etc/xen/a.cfg"]);
    });

    test("a program of ours that was removed can be run again after the undo", () => {
      const hook: Step = { ...edit("#!/bin/sh\n", undefined), path: "/etc/hook", executable: true };
      host.write("/etc/hook", "#!/bin/sh\n");
      fs.chmodSync(host.path("/etc/hook"), 0o755);
      host.write("/etc/xen/a.cfg", "before");
      host.command("mv", `case "$3" in */a.cfg) exit 1 ;; esac; exec /bin/mv "$@"`);
      expect(apply(shell, [hook, edit("before", "after")])).toMatchObject([{ kind: "failed", notUndone: [] }]);
      expect(fs.statSync(host.path("/etc/hook")).mode & 0o777).toBe(0o755);
    });

    test("a program of ours can be run from the moment that it has its name", () => {
      host.command("mv", `[ -x "$2" ] || exit 1; exec /bin/mv "$@"`);
      const hook: Step = { ...edit(undefined, "#!/bin/sh\n"), executable: true };
      expect(apply(shell, [hook])).toEqual([{ kind: "done" }]);
    });
  },
);

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("steps are done in order, and the claim is on the host", () => {
    expect(apply(shell, [CLAIMED, TAKE])).toEqual([{ kind: "done" }]);
    expect(host.driverOf(NIC)).toBe("pciback");
    expect(JSON.parse(host.read("/var/lib/pulumi-pci-passthrough/claims/AssignableDevice,0000:01:00.0") ?? "")).toEqual(
      CLAIM,
    );
  });

  test("a plan whose facts do not hold any more does nothing at all", () => {
    host.write("/etc/xen/a.cfg", "changed meanwhile");
    const groups = apply(shell, [CLAIMED, edit("as it was read", "ours")]);
    expect(groups[0]).toEqual({
      kind: "stale",
      reason: expect.stringContaining("a.cfg does not have the expected contents"),
    });
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual(["/etc/xen/a.cfg"]);
  });

  test("a step that fails is undone with all before it, and says what the host said", () => {
    host.write("/etc/xen/a.cfg", "before");
    host.write("/fail-add", "");
    const groups = apply(shell, [CLAIMED, edit("before", "after"), TAKE]);
    expect(groups[0]).toMatchObject({ kind: "failed", step: describeStep(TAKE), notUndone: [] });
    expect(groups[0]).toMatchObject({ output: expect.stringContaining("failed to quarantine 0000:01:00.0") });
    expect(host.read("/etc/xen/a.cfg")).toBe("before");
    expect(host.driverOf(NIC)).toBe("e1000e");
    expect(host.files().some((file) => file.includes("claims"))).toBe(false);
  });

  test("the folder of a new file goes with it when the steps are undone, unless it was there before", () => {
    host.write("/fail-add", "");
    fs.mkdirSync(host.path("/etc/empty"), { recursive: true });
    const write = (path: string): Step => ({ ...edit(undefined, "ours"), path });
    const groups = apply(shell, [write("/etc/new/a.cfg"), write("/etc/empty/a.cfg"), TAKE]);
    expect(groups[0]).toMatchObject({ kind: "failed", notUndone: [] });
    expect(fs.readdirSync(host.path("/etc"))).toEqual(["empty", "xen"]);
    expect(fs.readdirSync(host.path("/var/run/pulumi-pci-passthrough"))).not.toContain("made-folders");
  });

  test("a failing group does not hinder another", () => {
    host.write("/fail-add", "");
    host.write("/etc/xen/a.cfg", "before");
    const groups = apply(shell, [TAKE], [edit("before", "after")]);
    expect(groups[0]).toMatchObject({ kind: "failed" });
    expect(groups[1]).toEqual({ kind: "done" });
    expect(host.read("/etc/xen/a.cfg")).toBe("after");
  });

  test("several changes of the boot configuration make one initramfs", () => {
    host.write("/etc/xen/a.cfg", "1");
    apply(shell, [edit("1", "2"), { what: "initramfs" }], [edit("2", "3"), { what: "initramfs" }]);
    expect(host.read("/etc/xen/a.cfg")).toBe("3");
    expect(host.read("/initramfs-runs")).toBe("run\n");
  });

  test("a script that is killed leaves the lock to the initramfs that it was making", async () => {
    host.write("/etc/xen/a.cfg", "1");
    // Its parent is the shell around it, and that one's parent the script.
    host.command(
      "update-initramfs",
      `read -r pid name state script rest < "/proc/$PPID/stat"
kill -KILL "$script"
until ! kill -0 "$script" 2> /dev/null; do sleep 0.1; done
flock -n "$ROOT/var/run/pulumi-pci-passthrough/lock" true || echo locked > "$ROOT/made"`,
    );
    const script = scriptOf(group(edit("1", "2"), { what: "initramfs" }));
    expect(
      host.converse(shell, script.opening, script.rest.replace("while sleep 10", "while sleep 1")).exitCode,
    ).not.toBe(0);
    expect(host.read("/made")).toBe("locked\n");
    expect(spawnSync("sh", ["-c", `flock -n ${host.path("/var/run/pulumi-pci-passthrough/lock")} true`]).status).toBe(
      0,
    );
    expect(parseRunRecord(host.read(RECORD) ?? "")?.regenerate).toEqual([{ what: "initramfs" }]);
  });

  test("when the initramfs fails, all that waited for it is undone, the last first", () => {
    host.write("/etc/xen/a.cfg", "1");
    host.write("/fail-initramfs", "");
    const groups = apply(shell, [edit("1", "2"), { what: "initramfs" }], [edit("2", "3"), { what: "initramfs" }]);
    expect(host.read("/etc/xen/a.cfg")).toBe("1");
    for (const group of [0, 1])
      expect(groups[group]).toMatchObject({ kind: "failed", step: "rebuild the initramfs", output: "no space" });
  });

  test.each([
    ["a module of its kinds", "usr/lib/modules/6.1/kernel/drivers/xen/xen-pciback.ko.xz", true],
    ["one that is spelled otherwise", "usr/lib/modules/6.1/kernel/xen_pciback.ko", true],
    ["a file of ours", "scripts/init-top/pulumi-pci-passthrough", true],
    ["another module", "usr/lib/modules/6.1/kernel/drivers/net/my-xen-pciback.ko", false],
    ["nothing, since it cannot be listed", "", true],
  ])("an initramfs that has %s", (_, listing, isRebuilt) => {
    host.command("lsinitramfs", `echo '${listing}'`);
    apply(shell, [{ what: "initramfs", ifItHas: ["xen-pciback"] }]);
    expect(host.read("/initramfs-runs")).toBe(isRebuilt ? "run\n" : undefined);
  });

  test("what is owed is on record before the first step, and until it is done", () => {
    host.write("/etc/xen/a.cfg", "1");
    host.command("update-initramfs", `cp "$ROOT${RECORD}" "$ROOT/record"`);
    apply(shell, [edit("1", "2"), { what: "initramfs", ifItHas: ["e1000e"] }]);
    expect(parseRunRecord(host.read("/record") ?? "")).toMatchObject({
      regenerate: [{ what: "initramfs", ifItHas: ["e1000e"] }],
    });
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual(["/etc/xen/a.cfg"]);
  });

  test("without its record on disk, a run does nothing and says why", () => {
    host.write("/etc/xen/a.cfg", "1");
    host.write("/var/lib/pulumi-pci-passthrough/unfinished", "not a folder");
    const groups = apply(shell, [edit("1", "2"), { what: "initramfs" }]);
    expect(groups).toEqual([
      {
        kind: "failed",
        step: "keep a record of what it is about to do",
        output: expect.stringContaining("unfinished"),
        notUndone: [],
      },
    ]);
    expect(host.read("/etc/xen/a.cfg")).toBe("1");
  });

  test("what an earlier run owes goes over to this run, and is done with it", () => {
    const record: RunRecord = {
      version: 1,
      regenerate: [{ what: "initramfs" }],
      bootChanges: [],
      removals: [],
      forget: [],
    };
    const earlier = { path: runRecordPath("run-0"), text: formatRunRecord(record), record };
    const finish: Step = { kind: "finish-run", run: earlier, forget: [] };
    host.write(earlier.path, earlier.text);
    host.write("/fail-initramfs", "");
    expect(apply(shell, [finish, { what: "initramfs" }])).toMatchObject([{ kind: "failed", notUndone: [] }]);
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual([earlier.path]);
    fs.rmSync(host.path("/fail-initramfs"));
    expect(apply(shell, [finish, { what: "initramfs" }])).toEqual([{ kind: "done" }]);
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual([]);
  });

  test("when the second of two boot files cannot be rebuilt, the first is rebuilt once more from the restored sources", () => {
    host.write("/etc/xen/a.cfg", "1");
    host.command("update-initramfs", `cat "$ROOT/etc/xen/a.cfg" >> "$ROOT/packed"`);
    host.command("proxmox-boot-tool", "echo 'no partition'; exit 1");
    const groups = apply(shell, [edit("1", "2"), { what: "initramfs" }, { what: "proxmox-boot" }]);
    expect(groups).toMatchObject([{ kind: "failed", step: "run proxmox-boot-tool refresh", notUndone: [] }]);
    expect(host.read("/packed")).toBe("21");
    expect(host.files().some((file) => file.includes("unfinished"))).toBe(false);
  });

  test("the text before the first edit outlives a removal that is undone", () => {
    host.write("/etc/xen/a.cfg", "the user's");
    apply(shell, [edit("the user's", "ours", "keep")]);
    host.write("/fail-initramfs", "");
    apply(shell, [edit("ours", "the user's", "forget"), { what: "initramfs" }]);
    expect(host.read("/etc/xen/a.cfg")).toBe("ours");
    expect(host.read("/var/lib/pulumi-pci-passthrough/before/etc/xen/a.cfg")).toBe("the user's");
  });

  test("parts and copies of files that an earlier run was cut off in go with the next", () => {
    host.write("/var/lib/pulumi-pci-passthrough/claims/.pci-passthrough-new", "{");
    host.write("/etc/xen/.pci-passthrough-new", "half");
    for (const copy of ["/etc/xen/.a.cfg", "/var/lib/pulumi-pci-passthrough/claims/.a"])
      host.write(`${copy}.pci-passthrough-old`, "of a trial");
    host.write("/etc/xen/a.cfg", "ours");
    apply(shell, [edit("ours", undefined)]);
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual([]);
  });

  test("the text before the first edit is kept, and goes with our last entry", () => {
    host.write("/etc/xen/a.cfg", "the user's");
    apply(shell, [edit("the user's", "ours", "keep")]);
    expect(host.read("/var/lib/pulumi-pci-passthrough/before/etc/xen/a.cfg")).toBe("the user's");
    apply(shell, [edit("ours", "the user's", "forget")]);
    expect(host.read("/etc/xen/a.cfg")).toBe("the user's");
    expect(host.files().filter((file) => !file.startsWith("/var/run/"))).toEqual(["/etc/xen/a.cfg"]);
  });

  test("any text survives, byte for byte", () => {
    const bytes = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((byte) => String.fromCharCode(byte)) });
    const hostile = fc.constantFrom(
      "'",
      "'\\''",
      "$(reboot)",
      "`x`",
      "EOF\n",
      "\\",
      "\r\n",
      "no newline",
      "%s%n",
      "!!",
      "\n\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, hostile), { maxLength: 4 }), (parts) => {
        const text = parts.join("");
        host.write("/etc/xen/a.cfg", "before");
        expect(apply(shell, [edit("before", text)])[0]).toEqual({ kind: "done" });
        expect(host.read("/etc/xen/a.cfg")).toBe(text);
        expect(apply(shell, [edit(text, "before")])[0]).toEqual({ kind: "done" });
      }),
      { numRuns: 8 },
    );
  });

  test("an unbind that the kernel holds up is not waited for: the result is unknown, nothing is undone, the lock is free", () => {
    // Whoever opens a pipe for writing waits in the kernel until somebody reads from it.
    spawnSync("sh", ["-c", `mkfifo ${host.path("/sys/bus/pci/drivers/e1000e/unbind")}`]);
    host.write(`/sys/bus/pci/devices/${NIC}/driver_override`, "");
    const script = scriptOf(group(CLAIMED, { ...TAKE, by: "sysfs" }));
    const { stdout } = host.converse(shell, script.opening, script.rest.replace("within 30 ", "within 1 "));
    expect(script.read(stdout)).toEqual({
      kind: "ended",
      groups: [
        {
          kind: "unknown",
          step: describeStep(TAKE),
          output: expect.stringContaining("e1000e has not let go of 0000:01:00.0 within 30 s: something uses it"),
        },
      ],
    });
    expect(host.files().some((file) => file.includes("claims"))).toBe(true);
    const lock = host.path("/var/run/pulumi-pci-passthrough/lock");
    expect(spawnSync("sh", ["-c", `flock -n ${lock} true`]).status).toBe(0);
  });
});
