import { bootStateScript, readBootState, rebootScript } from "../../provider/script/reboot-script";
import { DirectoryHost, SHELLS } from "./directory-host";

const BOOT = "3f0e7e1c-1111-4222-8333-944445555666";
const HOST_UUID = "7c1f0000-aaaa-4bbb-8ccc-0123456789ab";
const step = (by: "init" | "xapi", bootId = BOOT) => ({ bootId, by, timeoutSeconds: 900 }) as const;

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

const calls = () => host.read("/calls")?.trim().split("\n") ?? [];

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("init takes the host down", () => {
    expect(host.run(shell, rebootScript(step("init"))).exitCode).toBe(0);
    expect(calls()).toEqual(["shutdown -r now"]);
  });

  test("a host that is in another boot already is not rebooted again", () => {
    expect(host.run(shell, rebootScript(step("init", "an-earlier-boot"))).exitCode).toBe(0);
    expect(calls()).toEqual([]);
  });

  test("a reboot that is refused is an error with what was said", () => {
    host.write("/fail-now", "");
    const { exitCode, stderr } = host.run(shell, rebootScript(step("init")));
    expect([exitCode, stderr]).toEqual([1, "shutdown: now refused\n"]);
  });

  test("XenServer's host is disabled, then rebooted; and enabled again when it stays", () => {
    expect(host.run(shell, rebootScript(step("xapi"))).exitCode).toBe(0);
    expect(calls()).toEqual([`xe host-disable uuid=${HOST_UUID}`, `xe host-reboot uuid=${HOST_UUID}`]);
    host.write("/fail-host-reboot", "");
    expect(host.run(shell, rebootScript(step("xapi"))).exitCode).toBe(1);
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
