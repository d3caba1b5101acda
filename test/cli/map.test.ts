import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { XMLValidator } from "fast-xml-parser";
import { mapCommand } from "../../cli/map";
import type { MapState } from "../../provider/plan/inventory/host-map";
import { type Deployed, Deployment } from "../contract/deployment";
import { onSimulatedHost, runCommand } from "./command-run";

const DEVICE = "0000:01:00.0";
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const folder = mkdtempSync(join(tmpdir(), "pci-passthrough-map-"));
afterAll(() => rmSync(folder, { recursive: true }));
const page = join(folder, "map.html");

/** As `pulumi stack export` prints it. */
function stackExport(deployed: readonly Deployed[]): string {
  const resources = deployed.map(({ kind, id, outs }) => ({
    urn: outs.__urn,
    type: `pulumi-nodejs:dynamic/pci-passthrough:${kind}`,
    id,
    inputs: { ...outs, host: { address: "elsewhere" } },
    outputs: outs,
  }));
  return JSON.stringify({ version: 3, deployment: { resources: [{ urn: "urn:pulumi:dev::p::a::b" }, ...resources] } });
}

test("with a stack it shows the host after its up, after the reboot, and after its destroy", async () => {
  await onSimulatedHost("debian-xl", async (login, host) => {
    const run = () => new Deployment(host);
    const hidden = await run().create("HiddenPciDevice", { device: DEVICE }, "hidden");
    const nic = await run().create("AssignableDevice", { device: DEVICE }, "nic");
    const attachment = await run().create("VmPciAttachment", { device: DEVICE, vm: "web1" }, "attachment");
    await host.exec(`xl pci-assignable-remove -r ${DEVICE}`); // somebody did that by hand
    const stack = join(folder, "stack.json");
    writeFileSync(stack, stackExport([attachment, nic, hidden]));

    const args = [...login, "--stack", stack, "-o", page];
    const states: readonly MapState[] = JSON.parse((await runCommand(mapCommand(), ...args, "--json")).stdout);
    const drivers = states.map(({ title, functions, vms }) => [
      title,
      functions.find(({ address }) => address === DEVICE)?.driver,
      vms.find(({ name }) => name === "web1")?.functions,
    ]);
    const configured = [{ address: DEVICE, active: false, configured: true }];
    expect(drivers).toEqual([
      ["now", "e1000e", configured],
      ["after up", "pciback", configured],
      ["after the reboot", "pciback", configured],
      ["after destroy", "e1000e", []],
    ]);
    const up = states[1]?.functions.find(({ address }) => address === DEVICE);
    expect(up?.changes).toEqual([
      `${DEVICE} is no longer bound to pciback: somebody released it. It is bound again`,
      expect.stringMatching(/is taken from the host driver e1000e \(/),
    ]);

    const html = readFileSync(page, "utf8");
    expect(html.match(/type="radio"/g)).toHaveLength(4);
    expect(html).not.toMatch(/<script|https?:/);
    for (const [svg] of html.matchAll(/<svg[\s\S]*?<\/svg>/g)) expect(XMLValidator.validate(svg)).toBe(true);
  });
});

test("what is no stack is refused with what to do", async () => {
  const file = join(folder, "notes.txt");
  writeFileSync(file, "hello");
  await expect(runCommand(mapCommand(), "xen1", "--stack", file)).rejects.toThrow(
    'this is not what "pulumi stack export" prints. Give it the file of "pulumi stack export --file stack.json".',
  );
});

const inBrowser = CHROMIUM ? test : test.skip;

/** What the browser measures: texts that leave the picture or the box that they begin in. */
const MEASURE = `<script>
const inside = (text, box) => text.left >= box.left && text.right <= box.right + 1;
const lost = [...document.querySelectorAll("svg")].filter((svg) => svg.getClientRects().length).flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("rect.box, rect.use, rect.vm")].map((rect) => rect.getBoundingClientRect());
  return [...svg.querySelectorAll("text")].filter((text) => {
    const place = text.getBoundingClientRect();
    const own = boxes.find((box) => place.left >= box.left - 1 && place.left <= box.right && place.top >= box.top && place.top <= box.bottom);
    return !inside(place, own ?? svg.getBoundingClientRect());
  }).map((text) => text.textContent);
});
document.body.dataset.lost = JSON.stringify(lost);
document.body.dataset.shown = [...document.querySelectorAll("section")].filter((part) => part.getClientRects().length).length;
</script>`;

inBrowser("in a real browser each text is in its box, and one state is shown", async () => {
  await onSimulatedHost("debian-xl-in-use", (login) => runCommand(mapCommand(), ...login, "-o", page));
  const measured = join(folder, "measured.html");
  writeFileSync(measured, readFileSync(page, "utf8").replace("</body>", `${MEASURE}</body>`));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1250,1500", "--dump-dom"];
  const { stdout } = await promisify(execFile)(CHROMIUM ?? "", [
    ...flags,
    `--user-data-dir=${folder}/profile`,
    `file://${measured}`,
  ]);
  expect(/data-lost="(.*?)"/.exec(stdout)?.[1]).toBe("[]");
  expect(/data-shown="(.*?)"/.exec(stdout)?.[1]).toBe("1");
});
