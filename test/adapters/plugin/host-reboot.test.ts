import { LAB, listed } from "../../plan/recorded-host";
import { FakeHost } from "../../resources/fake-host";
import { PluginClient, UNKNOWN } from "./plugin-client";

const HOST = { host: { address: "xen1" } };
const HIDDEN = { ...HOST, device: "01:00.0" };
const [REBOOT, WARNING] = [/^xen1: the host is rebooted/m, /^warning: xen1: the host may be rebooted before "hidden"/];

let plugin: PluginClient;

beforeEach(async () => {
  plugin = await new PluginClient(new FakeHost({ ...LAB, domains: listed() })).start();
});
afterEach(() => plugin.stop());

const linesOf = (name: string) => plugin.lines.filter(([resource]) => resource === name).map(([, line]) => line);
const preview = (kind: "HiddenPciDevice" | "HostReboot", name: string) =>
  plugin.create(kind, kind === "HostReboot" ? HOST : HIDDEN, { preview: true, name });

test("one in the state reboots the host for what is declared before it, and preview says so", async () => {
  const made = await plugin.create("HostReboot", HOST, { name: "reboot" });
  expect(await plugin.diff("HostReboot", made, HOST, "reboot")).toMatchObject({ isChanged: false });
  await preview("HiddenPciDevice", "hidden");
  expect(await plugin.diff("HostReboot", made, HOST, "reboot")).toMatchObject({ isChanged: true, replaces: [] });
  const { properties } = await plugin.update("HostReboot", made, HOST, { preview: true, name: "reboot" });
  expect(properties).toMatchObject({ bootId: UNKNOWN, pending: "none" });
  expect(linesOf("reboot")).toContainEqual(expect.stringMatching(REBOOT));
});

describe("preview says which boot changes a HostReboot does not wait for", () => {
  test("of those that the engine has not come to the end of when it begins the reboot", async () => {
    await plugin.check("HiddenPciDevice", HIDDEN, "hidden");
    await preview("HostReboot", "reboot");
    expect(linesOf("reboot")).toContainEqual(expect.stringMatching(WARNING));
  });

  test("of those that it begins meanwhile", async () => {
    await plugin.check("HostReboot", HOST, "reboot");
    await plugin.check("HiddenPciDevice", HIDDEN, "hidden");
    await preview("HostReboot", "reboot");
    expect(linesOf("reboot")).toContainEqual(expect.stringMatching(WARNING));
  });

  test.each<[string, () => Promise<unknown>]>([
    ["ends before it", () => preview("HiddenPciDevice", "hidden").then(() => preview("HostReboot", "reboot"))],
    ["begins after it", () => preview("HostReboot", "reboot").then(() => preview("HiddenPciDevice", "hidden"))],
    [
      "is so already",
      async () => {
        const made = await plugin.create("HiddenPciDevice", HIDDEN, { name: "hidden" });
        await plugin.diff("HiddenPciDevice", made, HIDDEN, "hidden");
        await plugin.check("HiddenPciDevice", HIDDEN, "hidden");
        await preview("HostReboot", "reboot");
      },
    ],
  ])("not of one that %s", async (_, run) => {
    await run();
    expect(linesOf("reboot")).not.toContainEqual(expect.stringMatching(WARNING));
  });
});
