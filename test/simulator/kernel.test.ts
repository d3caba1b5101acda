import fc from "fast-check";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";

let host: SimulatedHost;
beforeEach(async () => {
  host = await startSimulatedHost({ name: "xen1", profile: "debian-xl", rebootMs: 1 });
});
afterEach(() => host.stop());

const PCI = "/sys/bus/pci";
const CARD = "0000:01:00.0";

async function driverOf(address: string): Promise<string> {
  return (await host.exec(`basename "$(readlink ${PCI}/devices/${address}/driver || echo none)"`)).stdout.trim();
}

/** What the kernel says to one write: an error's name, or nothing. */
function write(path: string, text: string): string | undefined {
  try {
    host.writeFile(path, text);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

test("a function goes from its driver to pciback and back, one write after the other", async () => {
  expect(await driverOf(CARD)).toBe("e1000e");
  await host.exec("modprobe xen-pciback");
  host.writeFile(`${PCI}/drivers/e1000e/unbind`, CARD);
  expect(await driverOf(CARD)).toBe("none");
  expect(write(`${PCI}/drivers/pciback/bind`, CARD)).toBe("ENODEV"); // no slot yet
  host.writeFile(`${PCI}/drivers/pciback/new_slot`, CARD);
  host.writeFile(`${PCI}/drivers/pciback/bind`, CARD);
  expect(await driverOf(CARD)).toBe("pciback");
  expect(host.readFile(`${PCI}/drivers/pciback/slots`)).toBe(`${CARD}\n`);
  host.writeFile(`${PCI}/drivers/pciback/unbind`, CARD);
  host.writeFile(`${PCI}/drivers/pciback/remove_slot`, CARD);
  host.writeFile(`${PCI}/drivers_probe`, CARD);
  expect(await driverOf(CARD)).toBe("e1000e");
});

test("what lives behind a function goes with its driver", async () => {
  expect((await host.exec("readlink /sys/class/net/enp1s0f0")).stdout).toBe(
    "../../devices/pci0000:00/0000:00:05.0/0000:01:00.0/net/enp1s0f0\n",
  );
  host.writeFile(`${PCI}/drivers/e1000e/unbind`, CARD);
  expect((await host.exec("ls /sys/class/net")).stdout).toBe("enp1s0f1\nlo\nmgmt0\n");
});

test.each([
  ["drivers/e1000e/bind", "0000:01:00.0", "EBUSY"],
  ["drivers/e1000e/bind", "0000:09:00.0", "ENODEV"],
  ["drivers/nvme/bind", "0000:01:00.0", "ENODEV"],
  ["drivers/nvme/unbind", "0000:01:00.0", "ENODEV"],
  ["drivers_probe", "0000:09:00.0", "ENODEV"],
  ["devices/0000:03:00.0/sriov_numvfs", "5", "ERANGE"],
  ["devices/0000:03:00.0/sriov_numvfs", "many", "EINVAL"],
  ["devices/0000:01:00.0/reset", "0", "EINVAL"],
  ["devices/0000:01:00.0/reset", "1", undefined],
  ["devices/0000:01:00.0/vendor", "0x8086", "EIO"],
  ["devices/0000:00:05.0/reset", "1", "EACCES"],
])("%s takes %s: %s", (file, text, error) => {
  expect(write(`${PCI}/${file}`, text)).toBe(error);
});

test("driver_override keeps every other driver away", async () => {
  await host.exec("modprobe xen-pciback");
  const override = `${PCI}/devices/${CARD}/driver_override`;
  expect(host.readFile(override)).toBe("(null)\n");
  host.writeFile(override, "pciback\n");
  host.writeFile(`${PCI}/drivers/e1000e/unbind`, CARD);
  expect(write(`${PCI}/drivers/e1000e/bind`, CARD)).toBe("ENODEV");
  host.writeFile(`${PCI}/drivers_probe`, CARD);
  expect(await driverOf(CARD)).toBe("pciback");
  host.writeFile(override, "\n");
  expect(host.readFile(override)).toBe("(null)\n");
});

test("virtual functions come and go with sriov_numvfs, and nvme lets go of them", async () => {
  const count = `${PCI}/devices/0000:03:00.0/sriov_numvfs`;
  host.writeFile(count, "2");
  expect((await host.exec(`ls ${PCI}/devices | tail -n 2; readlink ${PCI}/devices/0000:03:00.2/physfn`)).stdout).toBe(
    "0000:03:00.1\n0000:03:00.2\n../0000:03:00.0\n",
  );
  expect(await driverOf("0000:03:00.1")).toBe("none");
  expect(write(count, "4")).toBe("EBUSY");
  host.writeFile(count, "0");
  expect((await host.exec(`ls ${PCI}/devices/0000:03:00.1`)).exitCode).toBe(2);
});

describe("the hide list of xen-pciback", () => {
  /** Functions that are on pciback when it is loaded with this list, before any other driver. */
  async function hidden(list: string): Promise<string> {
    host.writeFile("/etc/modprobe.d/hide.conf", `options xen-pciback hide=${list}\nsoftdep e1000e pre: xen-pciback\n`);
    await host.exec("update-initramfs -u");
    await host.reboot();
    return (await host.exec(`ls ${PCI}/drivers/pciback | grep ^0000`)).stdout.trim().replaceAll("\n", " ");
  }

  test.each([
    ["(0000:01:00.0)", "0000:01:00.0"],
    ["(01:00.0)", "0000:01:00.0"],
    ["(01:00.*)", "0000:01:00.0 0000:01:00.1"],
    ["(0000:01:*.*)", "0000:01:00.0 0000:01:00.1"],
    ["(1:0.1)(0000:09:00.0)", "0000:01:00.1"],
    ["(00:05.0)", "0000:01:00.0 0000:01:00.1"], // a bridge hides what is behind it; pcieport has the bridge already
  ])("%s hides %s", async (list, functions) => {
    expect(await hidden(list)).toBe(functions);
  });

  test.each(["(01:00.0", "01:00.0", "(01:00.0)(junk)", "(01:00.8)", "(0000:01:20.0)"])(
    "%s is refused: the driver is not there at all",
    async (list) => {
      expect(await hidden(list)).toBe("");
      expect((await host.exec(`ls -d ${PCI}/drivers/pciback`)).exitCode).toBe(2);
      expect(await driverOf(CARD)).toBe("e1000e");
      expect(await host.exec("modprobe xen-pciback")).toMatchObject({
        stderr: "modprobe: ERROR: could not insert 'xen_pciback': Invalid argument\n",
        exitCode: 1,
      });
    },
  );

  test("does nothing without a new initramfs, nor without a softdep", async () => {
    host.writeFile(
      "/etc/modprobe.d/hide.conf",
      "options xen-pciback hide=(01:00.0)\nsoftdep e1000e pre: xen-pciback\n",
    );
    await host.reboot();
    expect(await driverOf(CARD)).toBe("e1000e");
    host.writeFile("/etc/modprobe.d/hide.conf", "options xen-pciback hide=(01:00.0)\n");
    host.writeFile("/etc/modules", "xen-pciback\n");
    await host.exec("update-initramfs -u");
    await host.reboot();
    expect(await driverOf(CARD)).toBe("e1000e");
    expect(host.readFile(`${PCI}/drivers/pciback/slots`)).toBe(`${CARD}\n`);
  });

  test("on the kernel's command line does nothing for a module that nothing loads first", async () => {
    host.writeFile(
      "/etc/default/grub.d/zz-hide.cfg",
      'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX xen-pciback.hide=(01:00.0)"\n',
    );
    await host.exec("update-grub");
    await host.reboot();
    expect(host.readFile("/proc/cmdline")).toContain("xen-pciback.hide=(01:00.0)");
    expect(await driverOf(CARD)).toBe("e1000e");
    await host.exec("modprobe xen-pciback");
    expect(host.readFile(`${PCI}/drivers/pciback/slots`)).toBe(`${CARD}\n`);
  });
});

test("new_slot answers any text with success or an error number, and keeps what it had", async () => {
  await host.exec("modprobe xen-pciback");
  host.writeFile(`${PCI}/drivers/pciback/new_slot`, CARD);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."0123456789abcdefx:.*() \n") }), (text) => {
      expect([undefined, "EINVAL"]).toContain(write(`${PCI}/drivers/pciback/new_slot`, text));
      expect(host.readFile(`${PCI}/drivers/pciback/slots`)).toMatch(/^0000:01:00\.0\n/);
    }),
  );
});
