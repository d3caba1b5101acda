import { fromBytes, toBytes } from "../../provider/bytes";
import { openingScript, readOpeningFailure } from "../../provider/script/opening-script";
import { bootStateScript, readBootState, rebootScript } from "../../provider/script/reboot-script";
import { QUESTIONS } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";

const BOOT = "3f0e7e1c-1111-4222-8333-944445555666";
const HOST_UUID = "7c1f0000-aaaa-4bbb-8ccc-0123456789ab";
const WHO = 'the stack "dev" of the project "ünï"';
const step = (by: "init" | "xapi") =>
  ({ bootId: BOOT, askedBy: WHO, by, timeoutSeconds: 900, maxParallel: 1 }) as const;
const NOTE = "/var/run/pulumi-pci-passthrough/going-down";

/** Notes each call; `fail-<word>` in the tree makes the call with that word fail. */
const noting = (name: string) => `
echo "${name} $*" >> "$ROOT/calls"
for word in "$@"; do
  [ ! -e "$ROOT/fail-$word" ] || { echo "${name}: $word refused" >&2; exit 1; }
done
`;

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
  host.write("/proc/sys/kernel/random/boot_id", `${BOOT}\n`);
  host.write("/etc/xensource-inventory", `PRODUCT_BRAND='XCP-ng'\nINSTALLATION_UUID='${HOST_UUID}'\n`);
  host.command("shutdown", noting("shutdown"));
  host.command("xe", `${noting("xe")}cat "$ROOT/enabled" 2> /dev/null\nexit 0`);
});
afterEach(() => host.remove());

const reboot = (shell: readonly string[], by: "init" | "xapi") =>
  host.converse(shell, openingScript("run-1", QUESTIONS, "wait"), rebootScript("run-1", step(by)));
/** Without the questions to XAPI. */
const calls = () => host.read("/calls")?.match(/^(shutdown|xe host-(disable|enable|reboot)) .*$/gm) ?? [];

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("init takes the host down, and until then others are told who asked for it", () => {
    expect(reboot(shell, "init").exitCode).toBe(0);
    expect(calls()).toEqual(["shutdown -r now"]);
    expect(fromBytes(host.read(NOTE) ?? "")).toBe(`1000 ${BOOT} ${WHO}\n`);
    const { stdout } = host.converse(shell, openingScript("run-2", QUESTIONS, "wait"), "");
    expect(readOpeningFailure(stdout)).toEqual({ kind: "going-down", askedBy: toBytes(WHO) });
  });

  test("nobody has the lock between the note and the reboot", () => {
    host.command(
      "shutdown",
      `flock -n "$ROOT/var/run/pulumi-pci-passthrough/lock" true || echo held >> "$ROOT/locked"`,
    );
    reboot(shell, "init");
    expect(host.read("/locked")).toBe("held\n");
  });

  test("a reboot that is refused is an error with what was said, and nobody is kept out", () => {
    host.write("/fail-now", "");
    const { exitCode, stderr } = reboot(shell, "init");
    expect([exitCode, stderr]).toEqual([1, "shutdown: now refused\n"]);
    expect(host.read(NOTE)).toBeUndefined();
  });

  test("without the note there is no reboot", () => {
    host.write(`${NOTE}/in-the-way`, "");
    expect(reboot(shell, "init").exitCode).not.toBe(0);
    expect(calls()).toEqual([]);
  });

  test("XenServer's host is disabled, then rebooted; and enabled again when it stays", () => {
    expect(reboot(shell, "xapi").exitCode).toBe(0);
    expect(calls()).toEqual([`xe host-disable uuid=${HOST_UUID}`, `xe host-reboot uuid=${HOST_UUID}`]);
    host.write(NOTE, "");
    host.write("/fail-host-reboot", "");
    expect(reboot(shell, "xapi").exitCode).toBe(1);
    expect(calls().at(-1)).toBe(`xe host-enable uuid=${HOST_UUID}`);
  });

  const states: readonly [string, boolean][] = [
    ["starting", false],
    ["initializing", false],
    ["running", true],
    ["degraded", true],
  ];
  test.each(states)("a boot that systemd calls %s", (said, ready) => {
    host.write("/run/systemd/system/unit", "");
    host.command("systemctl", `echo ${said}`);
    expect(readBootState(host.run(shell, bootStateScript(step("init"))).stdout)).toEqual({ bootId: BOOT, ready });
  });

  test("without systemd the boot has ended when its rc script has", () => {
    host.write("/proc/512/cmdline", "/bin/sh\0/etc/init.d/rc\x002\0");
    const state = () => readBootState(host.run(shell, bootStateScript(step("init"))).stdout)?.ready;
    expect(state()).toBe(false);
    host.write("/proc/512/cmdline", "/usr/sbin/sshd\0");
    expect(state()).toBe(true);
  });

  test("XenServer is ready when its toolstack is up and the host enabled", () => {
    const state = () => readBootState(host.run(shell, bootStateScript(step("xapi"))).stdout)?.ready;
    expect(state()).toBe(false);
    host.write("/var/run/xapi_init_complete.cookie", "");
    host.write("/enabled", "true\n");
    expect(state()).toBe(true);
    host.write("/enabled", "false\n");
    expect(state()).toBe(true);
    expect(calls().at(-1)).toBe(`xe host-enable uuid=${HOST_UUID}`);
  });
});

test("what is no answer of the script is none", () => {
  expect(readBootState("Last login: today\n")).toBeUndefined();
});
