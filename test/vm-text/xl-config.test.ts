import fc from "fast-check";
import { parseXlConfig, type XlConfig } from "../../provider/vm-text/xl-config";
import { wordSoup, xlConfigs } from "./xl-config-arbitrary";

/** Each line was given to libxlutil of Xen 4.17, which found the same devices. */
const DEVICES: readonly (readonly [text: string, devices: readonly string[]])[] = [
  ["", []],
  ["pci = [ ]", []],
  ["pci = [ '01:00.0' ]", ["01:00.0"]],
  ["pci=['01:00.0',\"01:00.1\",]", ["01:00.0", "01:00.1"]],
  ["pci = [\n '01:00.0', # gpu, '02:00.0'\n # '03:00.0',\n '04:00.0'\n, ]\n", ["01:00.0", "04:00.0"]],
  ["pci = [ '01:00.0' ]\npci = [ '02:00.0' ]", ["02:00.0"]],
  ["pci = [ '01:00.0' ]\npci += [ '02:00.0' ]", ["01:00.0", "02:00.0"]],
  ["pci += [ '02:00.0' ]", ["02:00.0"]],
  ["pci = '01:00.0'", []],
  ["pci = [ '01:00.0' ]; pci = 0", []],
  ["pci = [ '01:00.0', [ '02:00.0' ], '03:00.0' ]", ["01:00.0"]],
  ["pci = [ 1, 0x1f ]", ["1", "0x1f"]],
  ["pci = [ 'a\\'b\\\\\\t\\101c' ]", ["a'b\\\tc"]],
  ["  \tpci\t=\t[ '01:00.0' ] ; vcpus = 2\n# \r\n", ["01:00.0"]],
];

/** Each was refused by libxlutil of Xen 4.17. */
const REFUSED: readonly (readonly [text: string, line: number, reason: RegExp])[] = [
  ["name = 'a'\r\n", 1, /CR LF/],
  ["name = 'a'\n# the end", 2, /comment without a newline/],
  ["name = 'a\n'", 1, /does not end on its line/],
  ["name = 'a' vcpus = 2", 1, /`vcpus' where xl expects the end of the line or `;'/],
  ["name = # none\n'a'", 1, /the end of the line where xl expects a value or `\['/],
  ["pci = [\n'01:00.0'\n'02:00.0' ]", 3, /`02:00.0' where xl expects `,' or `\]'/],
  ["pci = [ , '01:00.0' ]", 1, /`,' where xl expects a value or `\['/],
  ["pci = [ '01:00.0'", 1, /end of the file/],
  ["import os\n", 1, /`os' where xl expects `=' or `\+='/],
  ["memory = 512 * 2\n", 1, /does not read Python/],
  ["pae = True\n", 1, /does not read Python/],
  ["name = '\\x41'\n", 1, /holds an escape or a NUL/],
  ["name = '\\q'\n", 1, /holds an escape or a NUL/],
  ["name = 'a'\nname += [ 'b' ]\n", 2, /adds a list to a string/],
];

describe("parseXlConfig", () => {
  test.each(DEVICES)("%j has the devices %j", (text, devices) => {
    expect(config(text).pci.map((entry) => entry.text)).toEqual(devices);
  });

  test.each(REFUSED)("%j is refused", (text, line, reason) => {
    expect(parseXlConfig(text)).toEqual({ kind: "error", line, reason: expect.stringMatching(reason) });
  });

  test("reports where an entry stands, with its quotes", () => {
    const text = "pci = [ 'nonsense', \"01:00.0,permissive=1\" ]\n";
    expect(config(text).pci.map(({ start, end, spec }) => [text.slice(start, end), spec?.options])).toEqual([
      ["'nonsense'", undefined],
      ['"01:00.0,permissive=1"', { permissive: true }],
    ]);
  });

  test("reads the last name, uuid and passthrough", () => {
    const text = "name='old'\nname = \"web\"\nuuid = '8d7c'\npassthrough = 'share_pt'\n";
    expect(config(text)).toMatchObject({ name: "web", uuid: "8d7c", passthrough: "share_pt" });
    expect(config("name = [ 'web' ]\n").name).toBeUndefined();
    expect(config("name = 'web'\nname += '-1'\n").name).toBe("web-1");
  });

  test.each([
    ["", "pv"],
    ["type = 'pvh'", "pvh"],
    ["type = 'hvm'", "hvm"],
    ["type = 'pv'", "pv"],
    ["builder = 'hvm'", "hvm"],
    ["builder = 'generic'", "pv"],
    ["builder = 'linux'", "pv"],
  ])("%j is of type %s", (text, type) => {
    expect(config(text).type).toBe(type);
  });

  test.each([
    ["pci_permissive = 1", { permissive: true }],
    ["pci_msitranslate = '0'\npci_seize = 0x10", { msitranslate: false, seize: true }],
    ["pci_power_mgmt = 00", { powerManagement: false }],
    ["pci_permissive = 'yes'", {}],
    ["pci_permissive = 08", {}],
    ["pci_permissive += 1", {}],
    ["pci_permissive = [ 1 ]", {}],
  ])("%j stands for %j", (text, defaults) => {
    expect(config(text).pciDefaults).toEqual(defaults);
  });

  test("refuses lists that are nested too deeply", () => {
    expect(parseXlConfig(`pci = ${"[".repeat(100_000)}`)).toMatchObject({ kind: "error", line: 1 });
  });

  test("never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), wordSoup, xlConfigs), (text) =>
        ["config", "error"].includes(parseXlConfig(text).kind),
      ),
      { numRuns: 2000 },
    );
  });
});

function config(text: string): XlConfig {
  const read = parseXlConfig(text);
  if (read.kind === "error") throw new Error(`line ${read.line}: ${read.reason}`);
  return read;
}
