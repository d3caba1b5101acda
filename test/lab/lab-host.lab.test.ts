import { once } from "node:events";
import net from "node:net";
import { expectCommandsToWork } from "../contract/commands";
import { output, type TestHost } from "../contract/test-host";
import { bootLab } from "./lab-host";

// The first run builds the disk, and an emulated host takes its time.
jest.setTimeout(60 * 60_000);

let host: TestHost;

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
  expect(await output(host, "cat /sys/block/nvme0n1/size /sys/block/sda/size")).toBe("131072\n131072\n");
});

test("the key that it shows is the one that the product is told", async () => {
  const said = await output(host, "ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
  expect(said.split(" ")[1]).toBe(host.hostKey);
});

test("its clock is right, though it may have been booted long ago", async () => {
  const behind = Date.now() / 1000 - Number(await output(host, "date +%s"));
  expect(Math.abs(behind)).toBeLessThan(60);
});

test.each(["pv1", "pv2", "spare"])("xl reads the configuration of %s", async (vm) => {
  expect(await output(host, `xl create -n /etc/xen/${vm}.cfg`)).toContain(`"name": "${vm}"`);
});

test("the commands of the bin read it, and give back what a stack that is gone has made", () =>
  expectCommandsToWork(host));

test("a stopped host is gone", async () => {
  await host.stop();
  const login = await once(net.connect(host.port, host.address), "connect").catch((error) => error.code);
  expect(login).toBe("ECONNREFUSED");
  await expect(host.exec("true")).rejects.toThrow("it was stopped");
});
