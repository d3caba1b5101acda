import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import {
  type EarlyHome,
  type EarlyTaking,
  earlyFiles,
  earlyScriptPath,
  readEarlyScript,
} from "../../provider/boot/early-script";
import type { PciAddress } from "../../provider/pci/address";
import { addresses } from "../pci/arbitrary";
import { SHELLS } from "../script/directory-host";

const [NIC, TWIN] = ["0000:04:00.0", "0000:05:00.0"] as PciAddress[] as [PciAddress, PciAddress];
const IDS = {
  vendor: "0x8086\n",
  device: "0x10d3\n",
  subsystem_vendor: "0x15d9\n",
  subsystem_device: "0x060a\n",
};
const take = (driver: string, address = NIC): EarlyTaking => ({
  driver,
  address,
  id: "8086:10d3",
  subsystem: "15d9:060a",
});
const TOOLS: EarlyHome = { kind: "initramfs-tools" };
const DRACUT: EarlyHome = { kind: "dracut", folder: "/usr/lib/dracut" };

test("the list is read back from the script of each initramfs maker", () => {
  const takings = fc.array(
    fc.record({
      driver: fc.constantFrom("pciback", "vfio-pci", "pci-stub"),
      address: addresses(),
      id: fc.constantFrom("8086:10d3", "15b3:1017"),
      subsystem: fc.constantFrom("8086:0000", ":"),
    }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(takings, fc.constantFrom(TOOLS, DRACUT), (some, home) => {
      expect(readEarlyScript(scriptOf(home, some))).toEqual(some);
    }),
    { numRuns: 100 },
  );
});

test.each([TOOLS, DRACUT])("without functions no file is written: %j", (home) => {
  expect(earlyFiles(home, []).every(({ text }) => text === undefined)).toBe(true);
});

test.each(earlyFiles(DRACUT, [take("vfio-pci")]))("bash reads $path", ({ text }) => {
  expect(spawnSync("bash", ["-n"], { input: text ?? "", encoding: "utf8" }).stderr).toBe("");
});

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  let root: string;
  const inRoot = (file: string) => path.join(root, file);
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(inRoot(file)), { recursive: true });
    fs.writeFileSync(inRoot(file), text);
  };
  const read = (file: string) => (fs.existsSync(inRoot(file)) ? fs.readFileSync(inRoot(file), "latin1") : undefined);
  const device = (address: PciAddress, files: Record<string, string>) => {
    for (const [name, text] of Object.entries({ ...IDS, ...files }))
      write(`/sys/bus/pci/devices/${address}/${name}`, text);
  };
  const run = (takings: readonly EarlyTaking[], ...args: string[]) => {
    // busybox takes its own modprobe, whatever PATH says.
    const script = scriptOf(TOOLS, takings)
      .replaceAll("/sys/", `${root}/sys/`)
      .replaceAll("/dev/kmsg", inRoot("/kmsg"))
      .replaceAll("  modprobe ", `  ${inRoot("/bin/modprobe")} `);
    const [program = "sh", ...options] = shell;
    return spawnSync(program, [...options, "-s", "--", ...args], { input: script, encoding: "latin1" });
  };

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "early-script-"));
    write("/bin/modprobe", `#!/bin/sh\necho "$1" >> ${inRoot("/loaded")}\n`);
    fs.chmodSync(inRoot("/bin/modprobe"), 0o755);
    for (const driver of ["vfio-pci", "pci-stub", "pciback"]) write(`/sys/bus/pci/drivers/${driver}/bind`, "");
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  test("when initramfs-tools asks for prerequisites, the script does nothing else", () => {
    device(NIC, { driver_override: "" });
    expect(run([take("vfio-pci")], "prereqs")).toMatchObject({ status: 0, stdout: "\n" });
    expect(read(`/sys/bus/pci/devices/${NIC}/driver_override`)).toBe("");
  });

  test("driver_override is written before the module is loaded, and a missing device is skipped", () => {
    device(NIC, { driver_override: "" });
    const takings = [TWIN, NIC].map((address) => take("vfio-pci", address));
    expect(run(takings)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(read(`/sys/bus/pci/devices/${NIC}/driver_override`)).toBe("vfio-pci\n");
    expect(read("/loaded")).toBe("vfio-pci\n");
    expect(read("/sys/bus/pci/drivers/vfio-pci/bind")).toBe(`${NIC}\n`);
  });

  test("a device is unbound from a built-in driver first, and pciback gets its slot", () => {
    device(NIC, { driver_override: "", "driver/unbind": "" });
    expect(run([take("pciback")]).status).toBe(0);
    expect(read(`/sys/bus/pci/devices/${NIC}/driver/unbind`)).toBe(`${NIC}\n`);
    expect(read("/sys/bus/pci/drivers/pciback/new_slot")).toBe(`${NIC}\n`);
    expect(read(`/sys/bus/pci/devices/${NIC}/driver_override`)).toBe("");
    expect(read("/loaded")).toBe("xen-pciback\n");
  });

  test.each([
    [{ device: "0x1521\n" }, "8086:1521 15d9:060a"],
    [{ subsystem_device: "0x0001\n" }, "8086:10d3 15d9:0001"],
  ])("another device at the address keeps its driver, and the kernel log says so: %j", (differs, found) => {
    device(NIC, { driver_override: "", "driver/unbind": "", ...differs });
    expect(run([take("vfio-pci"), take("pciback")])).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(read(`/sys/bus/pci/devices/${NIC}/driver/unbind`)).toBe("");
    expect(read(`/sys/bus/pci/devices/${NIC}/driver_override`)).toBe("");
    expect(read("/loaded")).toBeUndefined();
    expect(read("/kmsg")).toBe(
      `pulumi-pci-passthrough: ${NIC} is ${found}, not 8086:10d3 15d9:060a: it keeps its driver\n`,
    );
  });

  test("without driver_override, pci-stub has the id for a moment and lets go of the other device with that id", () => {
    device(NIC, {});
    device(TWIN, {});
    for (const address of [NIC, TWIN]) fs.mkdirSync(inRoot(`/sys/bus/pci/drivers/pci-stub/${address}`)); // as new_id would bind them
    fs.rmdirSync(inRoot(`/sys/bus/pci/drivers/pci-stub/${NIC}`));
    expect(run([take("pci-stub")]).status).toBe(0);
    expect(read("/sys/bus/pci/drivers/pci-stub/new_id")).toBe("0x8086 0x10d3\n");
    expect(read("/sys/bus/pci/drivers/pci-stub/unbind")).toBe(`${TWIN}\n`);
    expect(read("/sys/bus/pci/drivers/pci-stub/remove_id")).toBe("0x8086 0x10d3\n");
  });
});

function scriptOf(home: EarlyHome, takings: readonly EarlyTaking[]): string {
  return earlyFiles(home, takings).find((file) => file.path === earlyScriptPath(home))?.text ?? "";
}
