import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { countProcesses } from "./process-count";

/** What hosts have as /bin/sh, as far as this machine has it; the oldest under the names `bash-3.2` and `bash-4.2`. */
export const SHELLS: readonly (readonly string[])[] = [
  ["dash"],
  ["bash", "--posix"],
  ["busybox", "sh"],
  ["bash-3.2", "--posix"],
  ["bash-4.2", "--posix"],
].filter(([program = ""]) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0);

/** What xl and its like do to the tree, in as few lines as the scripts need. `$ROOT` is the tree. */
const COMMANDS: Readonly<Record<string, string>> = {
  xl: `
case "$1 $2" in
  "pci-assignable-add $2") [ -e "$ROOT/fail-add" ] && { echo "libxl: error: failed to quarantine $2" >&2; exit 1; }
    rm -f "$ROOT/sys/bus/pci/devices/$2/driver"; ln -s ../../drivers/pciback "$ROOT/sys/bus/pci/devices/$2/driver" ;;
  "pci-assignable-remove $2") [ -e "$ROOT/fail-remove" ] && { echo "libxl: error: failed to de-quarantine $2" >&2; exit 1; }
    rm -f "$ROOT/sys/bus/pci/devices/$2/driver" ;;
esac
exit 0`,
  "xenstore-ls": "exit 0",
  modprobe: `[ "$1" = --version ] || ln -sfn ../../drivers/e1000e "$ROOT/sys/bus/pci/devices/0000:01:00.0/driver"`,
  "update-initramfs": `echo run >> "$ROOT/initramfs-runs"; [ ! -e "$ROOT/fail-initramfs" ] || { echo "no space" >&2; exit 1; }`,
};

/** How a shell ended. */
interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** How the SSH session reaches the host, as the provider tells its scripts. */
const SSH_ROUTE = "192.0.2.1 5 192.0.2.7 22";

/** A host made of a directory: what a script writes is there to look at. */
export class DirectoryHost {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "directory-host-"));

  constructor() {
    for (const name of ["e1000e", "pciback"])
      fs.mkdirSync(this.path(`/sys/bus/pci/drivers/${name}`), { recursive: true });
    this.bind("0000:01:00.0", "e1000e");
    fs.mkdirSync(this.path("/etc/xen"), { recursive: true });
    this.write("/proc/sys/kernel/random/uuid", "2f1d7c34-9d0b-4c1f-8a52-6f0f3f4f7a10\n");
    this.write("/proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
    fs.mkdirSync(this.path("/bin"));
    this.write("/proc/sys/kernel/random/boot_id", "boot-1\n");
    this.write("/proc/uptime", "100.00 200.00\n");
    for (const [name, text] of Object.entries(COMMANDS)) this.command(name, text);
  }

  /** Puts a program into the tree's /bin. */
  command(name: string, text: string): void {
    fs.writeFileSync(this.path(`/bin/${name}`), `#!/bin/sh\nROOT='${this.root}'\n${text}\n`, { mode: 0o755 });
  }

  path(absolute: string): string {
    return path.join(this.root, absolute);
  }

  write(absolute: string, bytes: string): void {
    fs.mkdirSync(path.dirname(this.path(absolute)), { recursive: true });
    fs.writeFileSync(this.path(absolute), bytes, "latin1");
  }

  read(absolute: string): string | undefined {
    return fs.existsSync(this.path(absolute)) ? fs.readFileSync(this.path(absolute), "latin1") : undefined;
  }

  bind(address: string, driver: string): void {
    fs.mkdirSync(this.path(`/sys/bus/pci/devices/${address}`), { recursive: true });
    fs.symlinkSync(`../../drivers/${driver}`, this.path(`/sys/bus/pci/devices/${address}/driver`));
  }

  driverOf(address: string): string | undefined {
    const link = this.path(`/sys/bus/pci/devices/${address}/driver`);
    return fs.existsSync(link) ? path.basename(fs.readlinkSync(link)) : undefined;
  }

  /** Every file of ours and of the VMs, for "nothing is left behind". */
  files(): readonly string[] {
    return ["/etc", "/var"].flatMap((top) =>
      fs.existsSync(this.path(top))
        ? fs
            .readdirSync(this.path(top), { recursive: true, withFileTypes: true })
            .flatMap((entry) =>
              entry.isFile() ? [path.join(entry.parentPath, entry.name).slice(this.root.length)] : [],
            )
        : [],
    );
  }

  /**
   * Runs a script of the provider, its absolute paths led into the directory, and out of it again in what it prints.
   */
  run(shell: readonly string[], script: string, route = SSH_ROUTE): Run {
    return this.spawn([...shell, "-s", "--", route], this.counted(script));
  }

  /** What a script of the provider prints, for one that waits for another. */
  async printedBy(shell: readonly string[], script: string): Promise<string> {
    const [program = "sh", ...options] = shell;
    const process = spawn(program, [...options, "-s", "--", SSH_ROUTE], { stdio: ["pipe", "pipe", "ignore"] });
    process.stdin.end(Buffer.from(this.counted(script), "latin1"));
    const closed = new Promise((resolve) => process.once("close", resolve));
    const parts: Buffer[] = [];
    for await (const part of process.stdout) parts.push(part);
    // What it prints ends a moment before the process, and what that locked.
    await closed;
    return Buffer.concat(parts).toString("latin1").replaceAll(this.root, "");
  }

  /** Runs a script that asks for the rest of it, and gives it that; an `undefined` rest is one that never ends. */
  converse(shell: readonly string[], opening: string, rest: string | undefined): Run {
    return this.spawn(this.conversation(shell, opening, rest), "");
  }

  /** The same, and does not wait for its end. `stdout` in the tree is what it has printed. */
  startConversation(shell: readonly string[], opening: string, rest: string): ChildProcess {
    const [program = "sh", ...args] = this.conversation(shell, opening, rest);
    return spawn(program, args, { stdio: "ignore", detached: true });
  }

  private conversation(shell: readonly string[], opening: string, rest: string | undefined): readonly string[] {
    fs.writeFileSync(this.path("/opening"), this.counted(opening), "latin1");
    fs.writeFileSync(this.path("/rest"), this.counted(rest ?? ""), "latin1");
    const program = `
cd "$1" && shift
rm -f ended stdout
{
  cat opening
  until grep -q '^@apply waiting$' stdout || [ -e ended ]; do sleep 0.02; done
  cat rest
  until ${rest === undefined ? "[ -e ended ]" : ":"}; do sleep 0.02; done
} 2> /dev/null | { "$@" > stdout; echo "$?" > ended; }
cat stdout
exit "$(cat ended)"`;
    return ["sh", "-c", program, "sh", this.root, ...shell, "-s", "--", SSH_ROUTE];
  }

  private spawn([program = "sh", ...args]: readonly string[], input: string): Run {
    const { stdout, stderr, status } = spawnSync(program, args, {
      input: Buffer.from(input, "latin1"),
      encoding: "latin1",
    });
    return { stdout: stdout.replaceAll(this.root, ""), stderr, exitCode: status };
  }

  /** How many processes a script of the provider starts. */
  countProcesses(shell: readonly string[], script: string): number {
    return countProcesses(shell, this.led(script), [SSH_ROUTE]);
  }

  /** The bytes of an answer are counted as they are outside of the directory. */
  private counted(script: string): string {
    return this.led(script).replace("awk -v mark=", `sed 's|${this.root}||g' | awk -v mark=`);
  }

  /** A script whose absolute paths lead into the directory. */
  private led(script: string): string {
    const led = script.replace(
      /(?<![\w.}$])\/(sys|etc|var|proc(?!\/(?:self|\[0-9\]\*)\/stat)|lib|run|boot|usr\/lib\/dracut|usr\/share\/dracut)\//g,
      `${this.root}/$1/`,
    );
    return led.replace("PATH=", `PATH=${this.path("/bin")}:`);
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
