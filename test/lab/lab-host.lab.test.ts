import { once } from "node:events";
import net from "node:net";
import { output } from "../contract/test-host";
import { bootLab, type LabHost } from "./lab-host";

// The first run builds the disk, and an emulated host takes its time.
jest.setTimeout(60 * 60_000);

let host: LabHost;

beforeAll(async () => {
  host = await bootLab({ mode: "xen", say: (line) => process.stderr.write(`${line}\n`) });
});

afterAll(() => host?.stop());

test("Xen runs it", async () => {
  const info = await output(host, "xl info");
  expect(info).toMatch(/^xen_version +: 4\.17\./m);
  expect(info).toMatch(/^virt_caps .*\bpv_directio\b/m);
});

test("it has two network cards in one slot, a USB controller and an NVMe controller to give away", async () => {
  const lines = (await output(host, "lspci -n")).trim().split("\n");
  const devices = lines.map((line) => /^(\S+) \S+ (\S+)/.exec(line)?.slice(1).join(" "));
  expect(devices).toEqual(
    expect.arrayContaining([
      "00:02.0 1af4:1001",
      "00:03.0 8086:10d3",
      "01:00.0 8086:10d3",
      "01:00.1 8086:10d3",
      "02:00.0 1b36:000d",
      "03:00.0 1b36:0010",
    ]),
  );
  expect(await output(host, "cat /sys/bus/pci/devices/0000:03:00.0/sriov_totalvfs")).toBe("4\n");
});

test("the key that it shows is the one that the product is told", async () => {
  const said = await output(host, "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
  expect(said.split(" ")[1]).toBe(host.hostKey);
});

test.each(["pv1", "pv2", "spare"])("xl reads the configuration of %s", async (vm) => {
  expect(await output(host, `xl create -n /etc/xen/${vm}.cfg`)).toContain(`"name": "${vm}"`);
});

test("a guest sees the function that it is given, and the host has it back afterwards", async () => {
  await output(host, "modprobe xen-pciback && xl pci-assignable-add 01:00.0");
  await output(host, `xl create /etc/xen/pv1.cfg 'pci=["01:00.0"]'`);
  await waitForGuest("pv1", "GUEST-PCI:.* 0000:00:00.0=0x8086:0x10d3");
  expect(await output(host, "xl pci-list pv1")).toMatch(/\b0000:01:00\.0\b/);

  await output(host, "xl destroy pv1");
  await output(host, "xl pci-assignable-remove -r 01:00.0");
  expect(await output(host, "readlink /sys/bus/pci/devices/0000:01:00.0/driver")).toMatch(/\/e1000e\n$/);
});

test("what was written is there after a reboot, and what was not is gone", async () => {
  await output(host, "echo kept > /etc/kept && touch /run/lost");
  const before = await host.bootId();
  await host.reboot();
  expect(await host.bootId()).not.toBe(before);
  expect(await host.exec("cat /etc/kept; [ ! -e /run/lost ]")).toEqual({ exitCode: 0, stdout: "kept\n", stderr: "" });
  expect(await output(host, "xl list")).toMatch(/^Domain-0 /m);
});

test("a reboot that nobody announced brings it back as well", async () => {
  const before = await host.bootId();
  await output(host, "nohup sh -c 'sleep 1; systemctl reboot' > /dev/null 2>&1 < /dev/null &");
  await host.waitForReboot(before);
  expect(await output(host, "cat /etc/kept")).toBe("kept\n");
});

test("a stopped host is gone", async () => {
  await host.stop();
  const login = await once(net.connect(host.port, host.address), "connect").catch((error) => error.code);
  expect(login).toBe("ECONNREFUSED");
  await expect(host.exec("true")).rejects.toThrow("it was stopped");
});

/** Waits for a line of the guest's console, which xenconsoled logs. */
async function waitForGuest(vm: string, pattern: string): Promise<void> {
  const log = `/var/log/xen/console/guest-${vm}.log`;
  await output(
    host,
    `timeout 600 sh -c 'until grep -q "${pattern}" ${log}; do sleep 1; done' || { tail ${log}; exit 1; }`,
  );
}
