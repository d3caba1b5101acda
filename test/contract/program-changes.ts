/** A program on a host of its own, and what becomes of it. */
export interface ProgramChange {
  readonly title: string;
  /** What was done on the host by hand before: shell. */
  readonly given?: string;
  /** The program that is deployed first; `pci` and `host` are defined. */
  readonly before: string;
  /** What was done on the host by hand in between: shell. */
  readonly meanwhile?: string;
  readonly after: string;
  /** Why preview and up refuse the change; undefined where both carry it out. */
  readonly refused?: RegExp;
}

const assignable = (device: string, name = "nic") =>
  `const ${name} = new pci.AssignableDevice("${name}", { host, device: "${device}" });\n`;
const attached = (vm: string, more = "", name = "attachment", device = "nic.device") =>
  `new pci.VmPciAttachment("${name}", { host, device: ${device}, vm: "${vm}"${more} });\n`;
const hidden = (device: string, name = "hidden") =>
  `new pci.HiddenPciDevice("${name}", { host, device: "${device}" });\n`;

const START_WEB1 = "xl create /etc/xen/web1.cfg";

/** Changes of a program on a Xen host with xl (Debian 12: /etc/xen/web1.cfg, db1.cfg, router.cfg). */
export const XL_CHANGES: readonly ProgramChange[] = [
  { title: "a device is made assignable", before: "", after: assignable("01:00.0") },
  {
    title: "a device is no longer assignable",
    before: assignable("01:00.0") + assignable("01:00.1", "other"),
    after: assignable("01:00.1", "other"),
  },
  {
    title: "a VM no longer gets a device",
    before: assignable("01:00.0") + attached("web1"),
    after: assignable("01:00.0"),
  },
  { title: "another device is made assignable", before: assignable("01:00.0"), after: assignable("01:00.1") },
  {
    title: "a VM gets a device",
    before: assignable("01:00.0"),
    after: assignable("01:00.0") + attached("web1"),
  },
  {
    title: "another VM gets the device",
    before: assignable("01:00.0") + attached("web1"),
    after: assignable("01:00.0") + attached("db1"),
  },
  {
    title: "another VM gets the device of a VM that runs",
    before: assignable("01:00.0") + attached("web1"),
    meanwhile: START_WEB1,
    after: assignable("01:00.0") + attached("db1"),
  },
  {
    title: "the VM gets another device",
    before: assignable("01:00.0") + attached("web1"),
    after: assignable("01:00.1") + attached("web1"),
  },
  {
    title: "the VM gets another device while it runs",
    before: assignable("01:00.0") + attached("web1"),
    meanwhile: START_WEB1,
    after: assignable("01:00.1") + attached("web1"),
  },
  {
    title: "an attachment gets another name",
    before: assignable("01:00.0") + attached("web1"),
    after: assignable("01:00.0") + attached("web1", "", "renamed"),
  },
  {
    title: "a device is hidden at boot",
    before: "",
    after: hidden("01:00.0"),
  },
  {
    title: "another device is hidden at boot",
    before: hidden("01:00.0"),
    after: hidden("01:00.1"),
  },
];
