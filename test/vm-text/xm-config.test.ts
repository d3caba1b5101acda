import fc from "fast-check";
import type { PciAddress } from "../../provider/pci/address";
import { specOf } from "../../provider/vm-text/spec-string";
import { parseXlConfig } from "../../provider/vm-text/xl-config";
import { addPciEntry, NO_ADDITIONS, removePciEntry } from "../../provider/vm-text/xl-config-edit";
import { XM_LANGUAGE } from "../../provider/vm-text/xl-config-language";
import { xlConfigs } from "./xl-config-arbitrary";

const NIC = "0000:0b:00.0" as PciAddress;

const devices = (text: string) => {
  const config = parseXlConfig(text, XM_LANGUAGE);
  return config.kind === "config" ? config.pci.map((entry) => entry.text) : config;
};

const add = (text: string) => addPciEntry(text, specOf(NIC, {}), NO_ADDITIONS, XM_LANGUAGE);

// As xen-tools, virt-install 0.400 of RHEL 5 and hands write them.
const RHEL5 = `name = "dev5"
uuid = "5ef1e0e4-0f5e-4c41-a1e0-5a6d2c4b9a10"
maxmem = 512
memory = 512
vcpus = 1
bootloader = "/usr/bin/pygrub"
on_poweroff = "destroy"
vfb = [ "type=vnc,vncunused=1,keymap=en-us" ]
disk = [ "tap:aio:/var/lib/xen/images/dev5.img,xvda,w" ]
vif = [ "mac=00:16:3e:0c:a3:11,bridge=xenbr0,script=vif-bridge" ]
`;

test.each<[string, string, readonly string[]]>([
  ["a list", "pci = [ '00:1d.0', '00:1d.1' ]\n", ["00:1d.0", "00:1d.1"]],
  ["the last list of several", "pci = ['00:1d.0']\npci = ['00:1d.1']\n", ["00:1d.1"]],
  ["a list that grows", "pci = ['00:1d.0']\npci += ['00:1d.1',]\n", ["00:1d.0", "00:1d.1"]],
  ["CR LF", "name = 'a'\r\npci = [\r\n  '00:1d.0', # nic\r\n]\r\n", ["00:1d.0"]],
  ["a last comment without a newline", "pci = ['00:1d.0'] # the only one", ["00:1d.0"]],
  ["options", 'pci = ["0000:00:1d.0@5,msitranslate=1"]', ["0000:00:1d.0@5,msitranslate=1"]],
  ["text that is no list", "extra = 'pci = [ \\'x\\' ]'\n\"\"\"\npci = ['00:1d.0']\n\"\"\"\n", []],
  [
    "beside code",
    "import os\ndef pick(a):\n  return a\nif os.uname()[3]:\n  memory = 64\nmemory = pick(5)\npci = ['00:1d.0']\n",
    ["00:1d.0"],
  ],
  ["no pci at all", RHEL5, []],
])("%s is read", (_, text, expected) => {
  expect(devices(text)).toEqual(expected);
});

test.each<[string, string, number]>([
  ["joined by +", "pci = [ '00:1d.' + '0' ]\n", 1],
  ["joined by standing side by side", "name = 'x'\npci = [ '00:1d' '.0' ]\n", 2],
  ["in a block", "if 1:\n  pci = ['00:1d.0']\n", 2],
  ["by a call", "pci = ['00:1d.0']\npci.append('00:1d.1')\n", 2],
  ["by a comprehension", "pci = ['%s' % a for a in ('00:1d.0',)]\n", 1],
  ["as a tuple", "pci = ('00:1d.0',)\n", 1],
  ["with a prefix", "pci = [r'00:1d.0']\n", 1],
  ["with escapes", "pci = ['00\\x3a1d.0']\n", 1],
  ["by unpacking", "pci, x = ['00:1d.0'], 1\n", 1],
  ["under two names", "x = pci = ['00:1d.0']\n", 1],
  ["and gets another name", "pci = ['00:1d.0']\nnics = pci\nnics.append('00:1d.1')\n", 2],
  ["by a call in another assignment", "pci = []\ndone = map(pci.append, ['00:1d.1'])\n", 2],
  ["in another file", "pci = []\nexecfile('/etc/xen/common.py')\n", 2],
  ["in a module", "pci = []\nfrom common import *\n", 2],
  ["by its name as a string", "globals()['pci'] = ['00:1d.0']\n", 1],
  ["in a program that is a string", "exec \"pci = ['00:1d.0']\"\n", 1],
])("a list that is made %s is refused, with its line", (_, text, line) => {
  expect(add(text)).toEqual({
    kind: "error",
    line,
    reason: expect.stringMatching(/`pci' (is computed by Python code|too)/),
  });
});

test.each([
  ["pci = ['00:1d.0'", "`[' is not closed"],
  ["pci = '00:1d.0\n", "a quoted string is not closed"],
  ["x = )\n", "`)' has nothing to close"],
  ["x = 1 + \\\n", "the file ends in the middle of a continued line"],
])("%j is no Python: %s", (text, reason) => {
  expect(add(text)).toMatchObject({ kind: "error", reason });
});

test("a name that code changes is unknown, and the VM is found by its file alone", () => {
  const nameOf = (text: string) => {
    const config = parseXlConfig(text, XM_LANGUAGE);
    return config.kind === "config" ? config.name : config;
  };
  expect(nameOf("name = 'web1'\n")).toBe("web1");
  expect(nameOf("name = 'web' + str(1)\n")).toBeUndefined();
  expect(nameOf("name = 'a'\nfor name in ['b']: pass\n")).toBeUndefined();
  expect(nameOf("name = 'a'\nhostname = name = 'b'\n")).toBeUndefined();
  expect(nameOf("name = 'a'\ndisk = [ 'phy:%s,hda,w' % name ]\n")).toBe("a");
});

test("the documented line is added at the end of the file", () => {
  const edit = add(RHEL5);
  expect(edit).toMatchObject({ text: `${RHEL5}pci = [ '${NIC}' ]\n` });
});

const python = fc.constantFrom(
  "import os, re",
  "def vm(n):\n    return n + 1\n",
  "if 1: memory = 5",
  "vif = [ 'mac=' + 'x', ]",
  'doc = """\npci = [ \'x\' ]\n"""',
  "arch = os.uname()[4]",
  "disk = [ ('phy:%s,hda,w' % 'a') ]",
);

test("for any file, adding adds one entry, and removing restores every byte", () => {
  const files = fc.tuple(xlConfigs, fc.option(python), fc.boolean()).map(([config, code, crlf]) => {
    const text = code === null ? config : `${code}\n${config}`;
    return crlf ? text.replaceAll("\n", "\r\n") : text;
  });
  let edits = 0;
  fc.assert(
    fc.property(files, (text) => {
      const before = devices(text);
      const edit = add(text);
      expect(edit.kind === "error").toBe(!Array.isArray(before));
      if (edit.kind === "error" || !Array.isArray(before)) return;
      edits += 1;
      expect(devices(edit.text)).toEqual([...before, NIC]);
      expect(removePciEntry(edit.text, NIC, edit.additions, XM_LANGUAGE)).toMatchObject({ kind: "edited", text });
    }),
    { numRuns: 1500 },
  );
  expect(edits).toBeGreaterThan(300);
});
