import { declaredResource } from "../../provider/resources/declared-program";
import type { Wanted } from "../../provider/resources/wanted";
import { LAB, listed, PV1 } from "../plan/recorded-host";
import { created, FakeHost } from "./fake-host";

let seconds = 0;
jest.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    seconds += ms / 1000;
    await new Promise((resolve) => setImmediate(resolve));
  },
}));

/** A running VM has the device; both removals are asked for, and neither resource names the other. */
async function attached() {
  const host = new FakeHost({ ...LAB, domains: listed(PV1) });
  const device = await created(host.handlers("AssignableDevice"), { device: "01:00.0" });
  const attachment = await created(host.handlers("VmPciAttachment"), { device: "01:00.0", vm: "pv1" });
  seconds = 0;
  return {
    host,
    removeDevice: () => host.handlers("AssignableDevice").delete(device.id, device.outs),
    removeAttachment: () => host.handlers("VmPciAttachment").delete(attachment.id, attachment.outs),
  };
}

test("a device waits for its attachment as long as the engine is busy with others", async () => {
  const { host, removeDevice, removeAttachment } = await attached();
  const busyWith = {} as Wanted;
  host.run.underWay.add(busyWith);
  const removed = removeDevice();
  for (let turn = 0; turn < 10_000 && seconds < 600; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  host.run.underWay.delete(busyWith);
  await removeAttachment();
  await removed;
  expect(host.facts.claims).toEqual([]);
});

test("a device waits for its attachment, although another host has one of the same device and VM", async () => {
  const { host, removeDevice, removeAttachment } = await attached();
  const inputs = { device: "01:00.0", vm: "pv1" };
  const elsewhere = { kind: "VmPciAttachment", label: "elsewhere", inputs, unknown: [] } as const;
  host.run.programs.set("elsewhere", {
    complete: true,
    declarations: [declaredResource(elsewhere, { address: "xen2" })],
    beside: () => [],
  });
  host.run.machines.set("elsewhere", "another machine");
  const removed = removeDevice();
  await removeAttachment();
  await removed;
  expect(host.facts.claims).toEqual([]);
});

test("a device stays with the VM if the engine is idle and does not come to the attachment", async () => {
  const { removeDevice } = await attached();
  await expect(removeDevice()).rejects.toThrow('the VM "pv1" (domain 1) has 0000:01:00.0 now');
  expect(seconds).toBe(20);
});
