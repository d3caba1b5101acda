import fs from "node:fs";
import { BOOT_SCRIPT } from "../../provider/boot/pciback-boot-script";
import { DirectoryHost, SHELLS } from "../script/directory-host";

const NIC = "0000:01:00.0";
const PCIBACK = "/sys/bus/pci/drivers/pciback";

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
});
afterEach(() => host.remove());

/**
 * A tree in which files take what is written to them and nothing else happens, as with a kernel that refuses every
 * bind.
 */
function start(shell: readonly string[]) {
  const lines = [
    "set -- start",
    'modprobe() { echo "modprobe $*"; return 1; }',
    BOOT_SCRIPT.replace(/^exit 0$/m, "echo exit 0"),
  ];
  return host.run(shell, lines.join("\n"));
}

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("a device is unbound and offered to pciback, and goes back to its driver when pciback refuses it", () => {
    host.write("/etc/xen/pciback.conf", `# a comment\n\n  ${NIC} # the card\n`);
    host.write(`${PCIBACK}/slots`, "");
    host.write("/sys/bus/pci/drivers/e1000e/unbind", "");

    const { stdout } = start(shell);
    expect(host.read("/sys/bus/pci/drivers/e1000e/unbind")).toBe(NIC);
    expect(host.read(`${PCIBACK}/new_slot`)).toBe(NIC);
    expect(host.read(`${PCIBACK}/bind`)).toBe(NIC);
    expect(host.read("/sys/bus/pci/drivers/e1000e/bind")).toBe(NIC);
    expect(stdout).toBe(`pulumi-pciback: pciback does not take ${NIC}\nexit 0\n`);
  });

  test.each([
    ["8086:10d3", "15d9:060a", true],
    ["8086:1521", "15d9:060a", false],
    ["8086:10d3", "15d9:0001", false],
  ])("only the device that was hidden is taken: %s %s", (id, subsystem, taken) => {
    const claim = `{"version":2,"functions":[{"address":"${NIC}","id":"${id}","subsystem":"${subsystem}"}]}`;
    host.write(`/var/lib/pulumi-pci-passthrough/claims/HiddenPciDevice,${NIC}`, claim);
    host.write("/etc/xen/pciback.conf", `${NIC}\n`);
    host.write(`${PCIBACK}/slots`, "");
    const ids = { vendor: "8086", device: "10d3", subsystem_vendor: "15d9", subsystem_device: "060a" };
    for (const [file, hex] of Object.entries(ids)) host.write(`/sys/bus/pci/devices/${NIC}/${file}`, `0x${hex}\n`);
    const { stdout } = start(shell);
    expect(host.read(`${PCIBACK}/bind`)).toBe(taken ? NIC : undefined);
    expect(stdout.includes(`pulumi-pciback: ${NIC} is not the device that was hidden`)).toBe(!taken);
  });

  test("a slot that pciback already has is not written again", () => {
    host.write("/etc/xen/pciback.conf", `${NIC}\n`);
    host.write(`${PCIBACK}/slots`, `0000:02:00.0\n${NIC}\n`);
    start(shell);
    expect(host.read(`${PCIBACK}/new_slot`)).toBeUndefined();
    expect(host.read(`${PCIBACK}/bind`)).toBe(NIC);
  });

  test("a missing device and a line that names no device do not stop the rest", () => {
    host.write("/etc/xen/pciback.conf", `0000:09:00.0\n;nonsense $(exit 1)\n${NIC}\n`);
    host.write(`${PCIBACK}/slots`, "");
    const { stdout } = start(shell);
    expect(stdout).toContain("pulumi-pciback: this host has no 0000:09:00.0\n");
    expect(host.read(`${PCIBACK}/bind`)).toBe(NIC);
    expect(stdout.endsWith("exit 0\n")).toBe(true);
  });

  test("a kernel without pciback still boots", () => {
    host.write("/etc/xen/pciback.conf", `${NIC}\n`);
    fs.rmdirSync(host.path(PCIBACK));
    // It leaves early, past the last line.
    expect(start(shell).stdout).toBe("modprobe xen-pciback\nmodprobe pciback\npulumi-pciback: pciback is not loaded\n");
  });
});
