import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { readChangedFacts, readHostFacts } from "../../provider/facts/host-facts";
import { readApplyResult, readLeftResult } from "../../provider/script/apply-result";
import { applyScript } from "../../provider/script/apply-script";
import { subjectsOf } from "../../provider/script/changed-subjects";
import { openingScript, readOpeningFailure, resultScript } from "../../provider/script/opening-script";
import { WITHIN } from "../../provider/script/within";
import { group, NIC, QUESTIONS, TAKE } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const RUN = "/var/run/pulumi-pci-passthrough";
const XL = `case $1 in
  pci-assignable-add) ln -sfn ../../drivers/pciback "$ROOT/sys/bus/pci/devices/$2/driver" ;;
esac`;
const opening = openingScript("run-1", QUESTIONS, "wait");
const rest = applyScript("run-1", [group(TAKE)], undefined);

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
});
afterEach(() => host.remove());

const isLocked = () => spawnSync("sh", ["-c", `flock -n ${host.path(`${RUN}/lock`)} true`]).status !== 0;
const left = (shell: readonly string[]) =>
  readLeftResult(host.run(shell, resultScript("run-1")).stdout, "boot-1", [{ steps: [] }]);

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("it prints the facts under the lock, takes the rest, and runs it", () => {
    host.write("/sys/hypervisor/type", "xen\n");
    const note = `flock -n "$ROOT${RUN}/lock" true || echo "$1" >> "$ROOT/locked"`;
    host.command("xl", `${note}; ${XL}`);
    host.command("lspci", note);
    const { stdout, stderr, exitCode } = host.converse(shell, opening, rest);
    const [facts = "", result = ""] = stdout.split("@apply waiting\n");
    const before = readHostFacts(facts);
    expect(before.machine.bootId).toBe("boot-1");
    expect(readApplyResult(result, [group(TAKE)])).toEqual({ kind: "ended", groups: [{ kind: "done" }] });
    const after = readChangedFacts(result, subjectsOf([group(TAKE)]), before);
    expect(after.machine).toBe(before.machine);
    expect(after.pciDevices).not.toBe(before.pciDevices);
    expect({ stderr, exitCode, driver: host.driverOf(NIC) }).toEqual({ stderr: "", exitCode: 0, driver: "pciback" });
    expect(host.read("/locked")).toMatch(/^-D\n(.*\n)*list\n(.*\n)*pci-assignable-add\n/);
    expect(isLocked()).toBe(false);
    expect(left(shell)).toMatchObject({ kind: "ended" });
  });

  test.each([
    ["the same functions", "/sys/bus/pci", 1],
    ["another function", "/sys/bus/pci/devices/0000:01:00.1", 2],
  ])("after a change it asks for the names of functions again when it has others: %s", (_, made, times) => {
    const makes = `case $1 in pci-assignable-add) mkdir -p "$ROOT${made}" ;; esac`;
    host.command("xl", `${makes}; ${XL}`);
    host.command("lspci", "echo 0000:01:00.0 Ethernet controller: 82574L");
    const { stdout } = host.converse(shell, opening, rest);
    expect(stdout.match(/^\|lspci 0000:01:00.0 Ethernet controller: 82574L$/gm)).toHaveLength(times);
  });

  test("nobody else can look into its folders: not while they are made, and not when somebody opened them since", () => {
    const own = [RUN, "/var/lib/pulumi-pci-passthrough"].map((folder) => host.path(folder));
    const modes = () => own.map((folder) => (fs.statSync(folder).mode & 0o777).toString(8));
    host.command("mkdir", `case $* in *pulumi-pci-passthrough) umask >> "$ROOT/umasks" ;; esac; PATH=/bin mkdir "$@"`);
    host.command("chmod", 'echo once >> "$ROOT/chmods"; PATH=/bin chmod "$@"');
    const begin = opening
      .replace(/^open_apply .*$/m, "begin run-1 900 < /dev/null")
      .replace(/^receive .*$/m, "make_folder /var/lib/pulumi-pci-passthrough");
    host.run(shell, begin);
    expect(modes()).toEqual(["700", "700"]);
    for (const folder of own) fs.chmodSync(folder, 0o755);
    host.run(shell, begin);
    host.run(shell, begin);
    expect(modes()).toEqual(["700", "700"]);
    // busybox has programs of its own.
    if (shell[0] === "busybox") return;
    expect({ made: host.read("/umasks"), set: host.read("/chmods") }).toEqual({
      made: "0077\n0077\n",
      set: "once\nonce\n",
    });
  });

  const parts: readonly [string, string][] = [
    ["nothing", ""],
    ["half of it", rest.slice(0, rest.length / 2)],
    ["all but its first line", rest.slice(rest.indexOf("\n") + 1)],
    ["all but its last character", rest.trimEnd().slice(0, -1)],
    ["all of another run", rest.replaceAll("run-1", "run-2")],
  ];
  test.each(parts)("of the rest comes %s: nothing is done, and it says so", (_, part) => {
    const { stdout, exitCode } = host.converse(shell, opening, part);
    expect(stdout).toMatch(/\n@apply waiting\n@apply called-off\n$/);
    expect(exitCode).toBe(1);
    expect(host.driverOf(NIC)).toBe("e1000e");
    expect(host.files().filter((file) => !file.startsWith(RUN))).toEqual([]);
    expect(isLocked()).toBe(false);
    expect(left(shell)).toEqual({ kind: "called-off" });
  });

  test("where there is no place for notes nothing is done, and it says why", () => {
    host.write("/var/lib", "no folder");
    const { stdout, stderr } = host.converse(shell, opening, rest);
    expect(stdout).toMatch(/\n@apply waiting\n@apply unable\n$/);
    expect(stderr).toContain("/var/lib");
    expect(host.driverOf(NIC)).toBe("e1000e");
    expect(isLocked()).toBe(false);
  });

  test("it does not wait for ever: who is silent for too long has lost the lock", () => {
    const begun = Date.now();
    const impatient = opening.replace(/^receive \d+/m, "receive 1");
    const { stdout } = host.converse(shell, impatient, undefined);
    expect(stdout).toMatch(/\n@apply waiting\n@apply called-off\n$/);
    expect(Date.now() - begun).toBeLessThan(30_000);
    expect(isLocked()).toBe(false);
  });

  test("a host that does not say in time what it has keeps neither the lock nor the connection", () => {
    host.write("/sys/hypervisor/type", "xen\n");
    host.command("xl", "trap '' TERM; sleep 60; sleep 60");
    const hurried = opening.replaceAll("facts_in_time 240", "facts_in_time 1").replaceAll(/limited \d+ xl/g, "xl");
    const begun = Date.now();
    const { stdout, exitCode } = host.converse(shell, hurried, rest);
    expect(readOpeningFailure(stdout)).toEqual({ kind: "facts-late" });
    expect({ exitCode, driver: host.driverOf(NIC) }).toEqual({ exitCode: 1, driver: "e1000e" });
    expect(Date.now() - begun).toBeLessThan(20_000);
    expect(isLocked()).toBe(false);
    expect(spawnSync("pgrep", ["-f", host.path("/bin/xl")]).status).toBe(1);
    expect(left(shell)).toEqual({ kind: "called-off" });
  });

  test("whom it watches is noted over what was noted before: where that cannot be written, the file is not empty", () => {
    host.write(`${RUN}/watched`, "1 2 240\n");
    const note = `${WITHIN}\nwatched='3 4 5'\nwrite_watched`;
    host.run(shell, `trap '' XFSZ\nulimit -f 0\n${note}\n`);
    expect(host.read(`${RUN}/watched`)).toBe("1 2 240\n");
    host.run(shell, `${note}\n`);
    expect(host.read(`${RUN}/watched`)?.split("\n")[0]?.trim()).toBe("3 4 5");
  });

  test("half an opening does nothing", () => {
    host.run(shell, opening.slice(0, opening.lastIndexOf("open_apply ")));
    expect(host.files()).toEqual([]);
  });

  test("what another run holds is not touched: it says that it is busy", () => {
    const hurried = openingScript("run-1", QUESTIONS, "if-free");
    host.command("flock", "exit 1");
    expect(readOpeningFailure(host.converse(shell, hurried, rest).stdout)).toEqual({ kind: "busy" });
  });

  test("where the lock cannot be taken at all it does not wait for it", () => {
    host.command("flock", "echo 'flock: 9: Bad file descriptor' >&2; exit 65");
    const { stdout, stderr } = host.converse(shell, opening, rest);
    expect(readOpeningFailure(stdout)).toEqual({ kind: "unable" });
    expect(stderr).toContain("Bad file descriptor");
  });

  describe("while the host goes down", () => {
    test("it refuses, and says who asked for that", () => {
      host.write(`${RUN}/going-down`, '101 boot-1 the stack "dev" of the project "lab"\n');
      const { stdout } = host.converse(shell, opening, rest);
      expect(readOpeningFailure(stdout)).toEqual({
        kind: "going-down",
        askedBy: 'the stack "dev" of the project "lab"',
      });
      expect(host.driverOf(NIC)).toBe("e1000e");
    });

    test.each([
      ["of an earlier boot", "101 boot-0 a stack\n"],
      ["that is a quarter of an hour old", "100 boot-1 a stack\n"],
      ["that is damaged", "1 boo"],
    ])("a note %s does not count", (_, note) => {
      host.write(`${RUN}/going-down`, note);
      expect(host.converse(shell, opening, rest).stdout).toContain("@apply end");
    });
  });

  describe("what is left of a run whose connection was cut", () => {
    const started = (...lines: string[]) =>
      host.write(`${RUN}/result-run-1`, lines.map((line) => `${line}\n`).join(""));
    const unknown = { kind: "unfinished", groups: [undefined] };

    test("it was killed before it began: nothing was done", () => {
      started("@apply waiting");
      expect(left(shell)).toEqual({ kind: "called-off" });
    });

    test("it was killed while it ran: what is not told is not known", () => {
      started("@apply waiting", "@apply begin");
      expect(left(shell)).toEqual(unknown);
    });

    test("nothing at all, or the host is in another boot: nobody knows", () => {
      expect(left(shell)).toEqual(unknown);
      started("@apply waiting");
      host.write("/proc/sys/kernel/random/boot_id", "boot-2\n");
      expect(left(shell)).toEqual(unknown);
    });
  });
});

test("the opening asks what the program asks", () => {
  expect(openingScript("run-1", { ...QUESTIONS, vmConfigPaths: ["/srv/vm.cfg"] }, "wait")).toContain("/srv/vm.cfg");
});
