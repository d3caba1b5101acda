import { type SimulatedHost, startSimulatedHost } from "../../simulator";

let host: SimulatedHost;
beforeEach(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl", rebootMs: 1 });
});
afterEach(() => host.stop());

/** Standard output and error in one, with the exit code of each command. */
async function story(...commands: string[]): Promise<string> {
  const lines = [];
  for (const command of commands) {
    const { stdout, stderr, exitCode } = await host.exec(command);
    // Line numbers are those of one Xen release: what it says counts here.
    lines.push(`${stderr.replace(/(\w+\.c):\d+:/g, "$1:")}${stdout}= ${exitCode}\n`);
  }
  return lines.join("");
}

test("no pciback: the list is empty, exit code 0, and it says why", async () => {
  expect(await story("xl pci-assignable-list", "xl pci-assignable-add 01:00.0")).toMatchInlineSnapshot(`
"libxl: error: libxl_pci.c:libxl_device_pci_assignable_list: Looks like pciback driver not loaded
= 0
libxl: error: libxl_pci.c:pciback_dev_is_assigned: Looks like pciback driver is not loaded
= 1
"
`);
});

test("add, list, remove with the driver given back", async () => {
  await host.exec("modprobe xen-pciback");
  expect(
    await story(
      "xl pci-assignable-add 01:00.0",
      "xl pci-assignable-add 0000:01:00.0",
      "xl pci-assignable-list",
      "xenstore-ls -f /libxl/pci",
      "xl pci-assignable-remove -r 01:00.0",
      "basename $(readlink /sys/bus/pci/devices/0000:01:00.0/driver)",
      "xl pci-assignable-remove -r 01:00.0",
    ),
  ).toMatchInlineSnapshot(`
"= 0
libxl: warning: libxl_pci.c:libxl__device_pci_assignable_add: 0000:01:00.0 already assigned to pciback
= 0
0000:01:00.0 
= 0
/libxl/pci/0000-01-00-0 = ""
/libxl/pci/0000-01-00-0/driver_path = "/sys/bus/pci/drivers/e1000e"
= 0
libxl: info: libxl_pci.c:libxl__device_pci_assignable_remove: Rebinding to driver at /sys/bus/pci/drivers/e1000e
= 0
e1000e
= 0
libxl: error: libxl_pci.c:libxl__device_pci_assignable_remove: failed to de-quarantine 0000:01:00.0
= 1
"
`);
});

test("a function hidden at boot is released only after an add, and xl knows no driver for it", async () => {
  host.writeFile("/etc/modprobe.d/hide.conf", "options xen-pciback hide=(01:00.0)\nsoftdep e1000e pre: xen-pciback\n");
  await host.exec("update-initramfs -u");
  await host.reboot();
  expect(
    await story(
      "xl pci-assignable-list",
      "xl pci-assignable-remove -r 01:00.0",
      "xl pci-assignable-add 01:00.0",
      "xl pci-assignable-remove -r 01:00.0",
      "ls -d /sys/bus/pci/devices/0000:01:00.0/driver",
    ),
  ).toMatchInlineSnapshot(`
"0000:01:00.0 
= 0
libxl: error: libxl_pci.c:libxl__device_pci_assignable_remove: failed to de-quarantine 0000:01:00.0
= 1
libxl: warning: libxl_pci.c:libxl__device_pci_assignable_add: 0000:01:00.0 already assigned to pciback
= 0
libxl: warning: libxl_pci.c:libxl__device_pci_assignable_remove: Couldn't find path for original driver; not rebinding
= 0
ls: cannot access '/sys/bus/pci/devices/0000:01:00.0/driver': No such file or directory
= 2
"
`);
});

test("a device that a guest has is neither assignable nor released", async () => {
  await host.exec("modprobe xen-pciback; xl pci-assignable-add 02:00.0");
  expect(
    await story(
      "xl create /etc/xen/router.cfg",
      "xl pci-list router",
      "xl pci-assignable-list",
      "xl pci-assignable-remove 02:00.0",
      "xl pci-assignable-add 02:00.0",
      "xl console router",
      "xenstore-read /libxl/pci/0000-02-00-0/domid",
      "xl pci-detach router 02:00.0",
      "xl pci-list router",
      "xl pci-assignable-list",
      "xl pci-detach router 02:00.0",
    ),
  ).toMatchInlineSnapshot(`
"Parsing config from /etc/xen/router.cfg
= 0
Vdev Device
00.0 0000:02:00.0
= 0
= 0
libxl: error: libxl_pci.c:libxl__device_pci_assignable_remove: failed to de-quarantine 0000:02:00.0
= 1
libxl: warning: libxl_pci.c:libxl__device_pci_assignable_add: 0000:02:00.0 already assigned to pciback
libxl: error: libxl_pci.c:libxl__device_pci_assignable_add: failed to quarantine 0000:02:00.0
= 1
GUEST-UP
GUEST-PCI: 0000:00:00.0=0x1b36:0x000d 
= 0
1
= 0
= 0
= 0
0000:02:00.0 
= 0
libxl: error: libxl_pci.c:do_pci_remove: Domain 1:PCI device not attached to this domain
= 1
"
`);
});

test("a guest that started without devices gets none later, unless its configuration says so", async () => {
  await host.exec("modprobe xen-pciback; xl pci-assignable-add 01:00.0; xl create /etc/xen/web1.cfg");
  expect((await host.exec("xl pci-attach web1 01:00.0")).exitCode).toBe(1);
  await host.exec(`xl destroy web1; echo 'passthrough = "enabled"' >> /etc/xen/web1.cfg; xl create /etc/xen/web1.cfg`);
  expect(await story("xl pci-attach web1 01:00.0,permissive=1", "xl pci-list web1")).toMatchInlineSnapshot(`
"= 0
Vdev Device
00.0 0000:01:00.0
= 0
"
`);
  const [domain] = JSON.parse((await host.exec("xl list -l web1")).stdout);
  expect(domain.config.pcidevs).toEqual([{ bus: 1, permissive: true, rdm_policy: "strict" }]);
});

test("create with a device that is not assignable", async () => {
  await host.exec("modprobe xen-pciback");
  expect(await host.exec(`xl create /etc/xen/web1.cfg 'pci=["01:00.0"]'`)).toMatchObject({ exitCode: 3 });
  expect(await story("xl create /etc/xen/router.cfg", "xl domid router")).toMatchInlineSnapshot(`
"libxl: error: libxl_pci.c:libxl__device_pci_add: Domain 2:PCI device 0:2:0.0 is not assignable
libxl: error: libxl_pci.c:device_pci_add_done: Domain 2:libxl__device_pci_add failed for PCI device 0:2:0.0 (rc -3)
libxl: error: libxl_create.c:domcreate_attach_devices: Domain 2:unable to add pci devices
Parsing config from /etc/xen/router.cfg
= 3
Can't get domid of domain name 'router', maybe this domain does not exist.
= 1
"
`);
});

test("a failed attach erases the owner of a device that another guest has", async () => {
  await host.exec("modprobe xen-pciback; xl pci-assignable-add 02:00.0; xl create /etc/xen/router.cfg");
  await host.exec(`echo 'pci = ["02:00.0"]' >> /etc/xen/web1.cfg; xl create /etc/xen/web1.cfg`);
  expect((await host.exec("xl pci-assignable-list; xl pci-list router")).stdout).toBe(
    "0000:02:00.0 \nVdev Device\n00.0 0000:02:00.0\n",
  );
});

test.each([
  ["xl pci-assignable-add junk", 2, 'pci-assignable-add: malformed BDF "junk"\n'],
  ["xl pci-assignable-remove junk", 2, "pci-assignable-remove: malformed BDF 'junk'\n"],
  ["xl pci-attach 0 x", 1, "0 is an invalid domain identifier (rc=-6)\n"],
  ["xl pci-list nobody", 1, "nobody is an invalid domain identifier (rc=-6)\n"],
])("%s: exit code %i", async (command, exitCode, stderr) => {
  expect(await host.exec(command)).toEqual({ stdout: "", stderr, exitCode });
});

test("faults: a command fails as told, so often as told, and a sysfs file refuses", async () => {
  await host.exec("modprobe xen-pciback");
  host.failAt({ command: "xl pci-assignable-add", times: 1, stderr: "boom\n", exitCode: 7 });
  host.failAt({ write: "/sys/bus/pci/drivers/pciback/bind", error: "EINVAL", times: 1 });
  expect(
    await story("xl pci-assignable-add 01:00.0", "xl pci-assignable-add 01:00.0", "xl pci-assignable-add 01:00.0"),
  ).toMatchInlineSnapshot(`
"boom
= 7
libxl: error: libxl_pci.c:sysfs_write_bdf: write to /sys/bus/pci/drivers/pciback/bind returned -1: Invalid argument
libxl: error: libxl_pci.c:pciback_dev_assign: Couldn't bind device to pciback!
libxl: error: libxl_pci.c:libxl__device_pci_assignable_add: Couldn't bind device to pciback!
= 1
libxl: info: libxl_pci.c:libxl__device_pci_assignable_add: 0000:01:00.0 not bound to a driver, will be rebound to /sys/bus/pci/drivers/e1000e
= 0
"
`);
});

test.each([
  [
    "EROFS",
    "sh: 1: cannot create /etc/x: Read-only file system\n",
    "mv: cannot move '/tmp/x' to '/etc/x': Read-only file system\n",
  ],
  ["ENOSPC", "sh: 1: echo: echo: I/O error\n", ""],
] as const)("a folder that says %s", async (error, echo, mv) => {
  await host.exec("touch /tmp/x");
  host.failAt({ writesUnder: "/etc", error });
  expect((await host.exec("sh -c 'echo x > /etc/x'")).stderr).toBe(echo);
  expect((await host.exec("mv /tmp/x /etc/x")).stderr).toBe(mv);
  host.heal();
  expect((await host.exec("echo x > /etc/x")).exitCode).toBe(0);
});
