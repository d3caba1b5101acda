import type { Claim } from "../../provider/claims/claim";
import { factsScript } from "../../provider/script/facts-script";
import { MOUNT_PLACE_FUNCTIONS } from "../../provider/steps/mount-place";
import { NETWORK_PLACE_FUNCTIONS } from "../../provider/steps/network-place";
import type { Step } from "../../provider/steps/steps";
import { group, QUESTIONS, scriptOf, TAKE } from "./apply-groups";
import { DirectoryHost, SHELLS } from "./directory-host";
import { canCount } from "./process-count";

/** As the Xen host of the lab: 20 functions, one of them on pciback, four VM files, a running guest, two claims. */
function xenHost(): DirectoryHost {
  const host = new DirectoryHost();
  host.write("/sys/hypervisor/type", "xen\n");
  host.write("/sys/bus/pci/drivers/pciback/slots", "");
  host.write("/sys/firmware/acpi/tables/RMAD", "");
  for (let slot = 0; slot < 20; slot++) {
    const folder = `/sys/bus/pci/devices/0000:02:${slot.toString(16).padStart(2, "0")}.0`;
    for (const file of ["vendor", "device", "subsystem_vendor", "subsystem_device", "class", "modalias"])
      host.write(`${folder}/${file}`, "0x8086\n");
    host.bind(folder.slice(-12), slot === 0 ? "pciback" : "e1000e");
  }
  for (const nic of ["lo", "eth0"]) host.write(`/sys/class/net/${nic}/type`, "1\n");
  host.write("/sys/class/net/lo/name_assign_type", "");
  host.write("/sys/devices/virtual/net/lo/type", "772\n");
  host.write("/proc/self/mountinfo", "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n");
  host.write("/run/udev/data/b8:1", "S:disk/by-uuid/1\n");
  host.write("/lib/modules/6.1.0-56-amd64/kernel/drivers/xen/xen-pciback/xen-pciback.ko", "");
  const boot = ["/etc/default/grub", "/etc/default/grub.d/xen.cfg", "/boot/grub/grub.cfg", "/boot/grub/grubenv"];
  const vms = ["/etc/xen/pv1.cfg", "/etc/xen/pv2.cfg", "/etc/xen/hvm1.cfg", "/etc/xen/spare.cfg"];
  const claims = ["a", "b"].map((name) => `/var/lib/pulumi-pci-passthrough/claims/${name}`);
  for (const file of ["/etc/modprobe.d/a.conf", ...boot, ...vms, ...claims]) host.write(file, "text\n");
  for (const program of ["xenstore-ls", "ip", "lspci", "dmesg"]) host.command(program, "echo printed");
  const link = '"$ROOT/sys/bus/pci/devices/$2/driver"';
  host.command("xl", `[ "$1" != pci-assignable-add ] || exec ln -sfn ../../drivers/pciback ${link}`);
  return host;
}

const CLAIM: Claim = { version: 2, token: "t", project: "p", stack: "s", label: "l", functions: [], entries: [] };

/** Makes a function assignable and attaches it to a VM. */
const STEPS: readonly Step[] = [
  { kind: "write-claim", key: "AssignableDevice/0000:01:00.0", before: undefined, claim: CLAIM },
  TAKE,
  { kind: "write-claim", key: "VmPciAttachment/0000:01:00.0,pv1", before: undefined, claim: CLAIM },
  { kind: "edit-file", path: "/etc/xen/pv1.cfg", before: "text\n", after: "text\npci\n", hides: [], original: "keep" },
];

let host: DirectoryHost;
beforeEach(() => {
  host = xenHost();
});
afterEach(() => host.remove());

const shells = canCount ? SHELLS : [];

// A host under emulation takes 30 ms for each.
describe.each(shells.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  test("the facts of a Xen host take at most 33 processes", () => {
    // Where timeout is that of busybox, the shell limits each program itself, with one process more.
    const most = shell[0] === "busybox" ? 39 : 33;
    expect(host.countProcesses(shell, factsScript(QUESTIONS))).toBeLessThanOrEqual(most);
  });

  test("an apply takes at most 4 more for each step, and for a copy of an original text", () => {
    const count = (...steps: readonly Step[]) => host.countProcesses(shell, scriptOf(group(...steps)).text);
    const none = count();
    const all = count(...STEPS);
    expect(host.read("/etc/xen/pv1.cfg")).toBe("text\npci\n");
    expect(host.driverOf("0000:01:00.0")).toBe("pciback");
    expect(all - none).toBeLessThanOrEqual(4 * (STEPS.length + 1));
  });

  test("what a trial has to write down of a network card takes at most 3, and 5 when it is up", () => {
    host.write("/sys/bus/pci/devices/0000:02:01.0/net/eth0/type", "1\n");
    host.write("/sys/class/net/eth0/mtu", "1500\n");
    const save = "save_network 0000:02:01.0\nsave_mounts 0000:02:01.0\n";
    const script = `${NETWORK_PLACE_FUNCTIONS}\n${MOUNT_PLACE_FUNCTIONS}\n${save}`;
    const count = (flags: string) => {
      host.write("/sys/class/net/eth0/flags", `${flags}\n`);
      return host.countProcesses(shell, script);
    };
    expect(count("0x1002")).toBeLessThanOrEqual(3);
    expect(count("0x1003")).toBeLessThanOrEqual(5);
  });
});
