import { spawnSync } from "node:child_process";
import { ScriptKilled } from "../../simulator/faults";
import { Errno } from "../../simulator/kernel/errno";
import { Machine } from "../../simulator/machine";
import { findProfile } from "../../simulator/profiles/profiles";
import { runShell } from "../../simulator/shell";

let machine: Machine;
beforeEach(async () => {
  machine = new Machine(findProfile("debian-xl"), "xen1");
  await machine.booted;
});

afterEach(() => machine.losePower());

const run = (script: string) =>
  runShell({
    machine,
    session: machine.login({ user: "root", uid: 0, sudo: true, cutConnection: () => {} }),
    script,
    name: "sh",
  });
const read = (path: string) => (machine.files.exists(path) ? machine.files.read(path) : undefined);

test.each([
  ["nothing synced: nothing was written", "echo new > /etc/a; rm /etc/fstab", undefined, true],
  ["the file synced: its text and name are kept", "echo new > /etc/a; sync /etc/a", "new\n", true],
  ["renamed, the folder not synced: the old name", "echo new > /etc/b; sync /etc/b; mv /etc/b /etc/a", undefined, true],
  ["renamed, the folder synced", "echo new > /etc/b; sync /etc/b; mv /etc/b /etc/a; sync /etc", "new\n", true],
  ["the folder synced alone: a name without its text", "echo new > /etc/a; sync /etc", "", true],
  ["everything synced", "echo new > /etc/a; rm /etc/fstab; sync", "new\n", false],
])("the power fails, %s", async (_, script, text, hasFstab) => {
  await run(script);
  await machine.losePower();
  expect(read("/etc/a")).toBe(text);
  expect(machine.files.exists("/etc/fstab")).toBe(hasFstab);
});

test("a host that goes down in order loses only what is in memory", async () => {
  await run("echo new > /etc/a; echo new > /run/a");
  await machine.reboot();
  expect([read("/etc/a"), read("/run/a")]).toEqual(["new\n", undefined]);
});

test("a script that is killed at a command does nothing more, on either side of it", async () => {
  machine.faults.watch = (moment) => {
    if (moment.kind === "command" && moment.line === "cat /etc/fstab") throw new ScriptKilled();
    return undefined;
  };
  const { exitCode } = await run("touch /etc/a; cat /etc/fstab > /etc/b || touch /etc/c; touch /etc/d");
  expect(exitCode).toBe(137);
  expect(["/etc/a", "/etc/c", "/etc/d"].map((path) => machine.files.exists(path))).toEqual([true, false, false]);
});

test("a disk that is full takes what still fits", async () => {
  machine.faults.watch = (moment) => {
    if (moment.kind === "write" && moment.path === "/etc/a") throw new Errno("ENOSPC", moment.path);
    return undefined;
  };
  expect(await run("printf 12345678 > /etc/a")).toMatchObject({ exitCode: 1 });
  expect(read("/etc/a")).toBe("1234");
});

test.each([
  ["{ echo a; true; }", 0],
  ["{ true; echo a; }", 1],
  ["{ ls /; true; }", 0],
  ["{ ls /; false; }", 1],
  ["f() { echo a; true; }; f", 0],
  ["f() { echo a; true; }; g=f; $g", 0],
  ["cat /dev/null", 0],
  ["cat /etc/hostname", 1],
])("where a disk is full, %s ends as what comes last in it", async (command, status) => {
  machine.faults.watch = (moment) => {
    if (moment.kind === "write") throw new Errno("ENOSPC", moment.path);
    return undefined;
  };
  expect(spawnSync("/bin/sh", ["-c", `${command} > /dev/full`]).status).toBe(status);
  expect(await run(`${command} > /etc/a`)).toMatchObject({ exitCode: status });
});
