import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { XMLValidator } from "fast-xml-parser";
import { mapCommand } from "../../cli/map";
import { mapPage } from "../../cli/map-page";
import { toldUrn } from "../../provider/adapters/dynamic/told-resource";
import { parsePciAddress } from "../../provider/pci/address";
import type { MapFunction, MapState } from "../../provider/plan/inventory/host-map";
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
    urn: toldUrn(kind, outs.__resource).text,
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
      `${DEVICE} is no longer bound to pciback: somebody released it; it is bound again`,
      expect.stringMatching(/is taken from the host driver e1000e \(/),
      "the network interface enp1s0f0 disappears from the host",
    ]);
    expect(states[0]?.functions.find(({ address }) => address === DEVICE)?.uses).toEqual(["enp1s0f0"]);
    expect(up?.uses).toEqual([]);

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

test("a file that is not there is told, before any host is asked", async () => {
  const file = join(folder, "missing.json");
  await expect(runCommand(mapCommand(), "xen1", "--stack", file)).rejects.toThrow(
    new RegExp(`^Unable to read ${file}: (Error: )?ENOENT: .* Check the path and who may read it\\.$`),
  );
});

test("a page that cannot be written is told, one without a name too", async () => {
  await onSimulatedHost("debian-xl", async (login) => {
    for (const file of ["", join(folder, "missing/map.html")])
      await expect(runCommand(mapCommand(), ...login, "-o", file)).rejects.toThrow(`Unable to write ${file}: `);
  });
});

const inBrowser = CHROMIUM ? test : test.skip;

/** What the browser measures: texts that leave the picture or their box, and texts that a line crosses. */
const MEASURE = `<script>
const pictures = [...document.querySelectorAll("svg")].filter((svg) => svg.getClientRects().length);
const place = (element) => element.getBoundingClientRect();
const textsOf = (svg) => [...svg.querySelectorAll("text")];
const holds = (box, { x, y }) => x >= box.left - 1 && x <= box.right && y >= box.top && y <= box.bottom;
const lost = pictures.flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("rect.box, rect.use, rect.vm")].map(place);
  return textsOf(svg).filter((text) => {
    const own = boxes.find((box) => holds(box, { x: place(text).left, y: place(text).top + 2 })) ?? place(svg);
    return place(text).left < own.left || place(text).right > own.right + 1;
  });
});
const crossed = pictures.flatMap((svg) => {
  const scale = place(svg).width / svg.viewBox.baseVal.width;
  const onPage = ({ x, y }) => ({ x: place(svg).left + x * scale, y: place(svg).top + y * scale });
  const points = [...svg.querySelectorAll("path.link")].flatMap((path) =>
    Array.from({ length: path.getTotalLength() / 2 }, (_, step) => onPage(path.getPointAtLength(step * 2))),
  );
  return textsOf(svg).filter((text) => points.some((point) => holds(place(text), point)));
});
const texts = (elements) => JSON.stringify(elements.map((text) => text.textContent));
Object.assign(document.body.dataset, { lost: texts(lost), crossed: texts(crossed), shown: pictures.length });
</script>`;

/** What the browser says of the page. */
async function measure(): Promise<readonly string[]> {
  const measured = join(folder, "measured.html");
  writeFileSync(measured, readFileSync(page, "utf8").replace("</body>", `${MEASURE}</body>`));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1250,1500", "--dump-dom"];
  const { stdout } = await promisify(execFile)(CHROMIUM ?? "", [
    ...flags,
    `--user-data-dir=${folder}/profile`,
    `file://${measured}`,
  ]);
  return [...(/<body[^>]*>/.exec(stdout)?.[0] ?? "").matchAll(/data-\w+=".*?"/g)].map(([found]) => found).sort();
}

const IN_ORDER = ['data-crossed="[]"', 'data-lost="[]"', 'data-shown="1"'];

inBrowser("in a real browser each text is in its box, no line crosses one, and one state is shown", async () => {
  await onSimulatedHost("debian-xl-in-use", (login) => runCommand(mapCommand(), ...login, "-o", page));
  expect(await measure()).toEqual(IN_ORDER);
});

inBrowser("that holds for long names, wide letters, and devices of VMs that stand far away", async () => {
  const label = "WWWW MMMM 装置の長い名前 @@@@ %%%% Controller mmmm WWWW MMMM wwww %%%% Ethernet Network Connection";
  const addresses = [1, 2, 3, 4, 5].flatMap((bus) => parsePciAddress(`0000:0${bus}:00.0`) ?? []);
  const functions = addresses.map(
    (address, index): MapFunction => ({
      address,
      id: "8086:10d3",
      subsystem: "15d9:060a",
      class: "020000",
      label,
      driver: "a_driver_with_a_name_that_does_not_end_WWWW_MMMM_WWWW_MMMM",
      assignable: false,
      hidden: false,
      vms: index < 3 ? ["MAIL-GATEWAY-WWWW-MMMM", "DATABASE-MMMM-WWWW"] : [],
      groupMembers: [],
      mostVirtualFunctions: 0,
      iommuGroup: "8",
      uses: Array.from({ length: index + 1 }, (_, line) => `${line} ${label}`),
      refusals:
        index < 3
          ? []
          : [
              { guard: "mounted-storage", message: label },
              { guard: "in-use-by-process", message: label },
              { guard: "console-display", message: label },
            ],
      bridges: [],
      isBridge: false,
      changes: [],
    }),
  );
  const vms = ["MAIL-GATEWAY-WWWW-MMMM-WWWW-MMMM", "DATABASE", "web1"].map((name, index) => ({
    name,
    running: true,
    functions: addresses
      .slice(0, 5 - index)
      .map((address) => ({ address, active: false, configured: true }))
      .reverse(),
  }));
  writeFileSync(page, mapPage("xen1", [{ title: "now", functions, vms }]));
  expect(await measure()).toEqual(IN_ORDER);
});
