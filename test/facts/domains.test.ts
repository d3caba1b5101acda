import fs from "node:fs";
import path from "node:path";
import { type Domain, domainsFact, runningDomains } from "../../provider/facts/domains";
import { address } from "../plan/recorded-host";

const recorded = fs.readFileSync(
  path.join(__dirname, "../recorded/debian12-xen4.17/domains-with-device.txt"),
  "latin1",
);
const read = (text: string, exitCode = 0) => domainsFact.parse({ text, exitCode });
const listed = (...domains: readonly Partial<Domain>[]) => ({ kind: "listed", domains });
const unlisted = (reason: RegExp) => ({ kind: "unlisted", reason: expect.stringMatching(reason) });

test("two running VMs of the real host, one with a device", () => {
  expect(read(recorded)).toEqual(
    listed(
      {
        id: 2,
        name: "pv2",
        uuid: "5f1a0002-6c61-4b00-8000-000000000002",
        paused: false,
        startedForDevices: false,
        disks: [],
        pciDevices: [],
      },
      {
        id: 3,
        name: "pv1",
        uuid: "5f1a0001-6c61-4b00-8000-000000000001",
        paused: false,
        startedForDevices: true,
        disks: [],
        pciDevices: [{ address: address("01:00.0") }],
      },
    ),
  );
});

const table = (line: string) =>
  `list Name                                        ID   Mem VCPUs\tState\tTime(s)\n${line}\n`;

/** [what xl says of a domain, what is read of it] */
const lines: readonly [string, string, object][] = [
  ["a paused VM", "list db 7 512 2 --p--- 0.0", { id: 7, name: "db", paused: true }],
  ["a name with spaces and digits", "list my vm 12 34 5 9 512 2 -b---- 1.5", { id: 9, name: "my vm 12 34 5" }],
  ["a name in UTF-8", "list caf\u00c3\u00a9 3 512 2 r----- 1.5", { id: 3, name: "café" }],
];
test.each(lines)("%s", (_, line, domain) => {
  expect(read(table(line))).toEqual(listed(expect.objectContaining(domain)));
});

test("no VM runs where the control domain is alone, and nothing more is asked", () => {
  expect(read(table("list Domain-0 0 4096 4 r----- 20.1"))).toEqual(listed());
});

test("an xl that prints S-expressions for -l: the table and xenstore are enough", () => {
  const text = `${table("list old 3 512 1 -b---- 1.5")}store /local/domain/0/backend/pci/3/0/dev-0 = "0000:01:00.0"
store /local/domain/0/backend/pci/3/0/key-0 = "0000:01:00.0"
store /local/domain/0/backend/pci/3/0/vdev-0 = "0000:00:00.00"
(domain (domid 3))`;
  expect(read(text)).toEqual(
    listed(
      expect.objectContaining({ uuid: undefined, startedForDevices: false, pciDevices: [{ address: "0000:01:00.0" }] }),
    ),
  );
});

test("a device whose detaching began and did not end is still the VM's", () => {
  const closing = recorded.replace('state-0 = "3"', 'state-0 = "5"');
  expect(closing).not.toBe(recorded);
  expect(runningDomains({ domains: read(closing) }).at(-1)?.pciDevices).toEqual([{ address: "0000:01:00.0" }]);
});

/** [what xenstore-ls prints, its exit code, what is said of it] */
const partial: readonly [string, string, number, RegExp][] = [
  ["is killed", 'store /local/domain/0/backend/pci/3/0/dev-0 = "0000:01:00.0"', 124, /"xenstore-ls" did not answer/],
  [
    "loses its connection",
    'store /local/domain/0/backend/pci/3 = ""\nstore xenstore-ls: xs_directory (/local/domain/0/backend/pci/3): Broken pipe',
    1,
    /"xenstore-ls" failed: xenstore-ls: xs_directory .*: Broken pipe/,
  ],
  ["cannot connect", "store xenstore-ls: xs_open: No such file or directory", 1, /failed: xenstore-ls: xs_open/],
  ["is killed by a signal", 'store /local/domain/0/backend/pci/3 = ""', 139, /failed: it listed only a part/],
];
test.each(partial)("devices are not known when xenstore-ls %s", (_, store, exitCode, said) => {
  const text = `${table("list db 3 512 2 --p--- 0.0")}${store}\nstore-ended ${exitCode}\n[]`;
  expect(read(text)).toEqual(unlisted(said));
});

test("xenstore-ls fails where no VM ever had a device, and that is no failure", () => {
  const missing = "store xenstore-ls: xs_directory (/local/domain/0/backend/pci): No such file or directory";
  expect(read(`${table("list db 3 512 2 --p--- 0.0")}${missing}\nstore-ended 1\n[]`)).toMatchObject({
    kind: "listed",
    domains: [{ id: 3 }],
  });
});

test("a list of xl that is cut off is not read as one without VMs", () => {
  const cut = recorded.slice(0, -40);
  expect(read(cut)).toEqual(unlisted(/"xl list -l" printed a list that is cut off/));
});

test("an xl that does not answer is never taken for a host without VMs", () => {
  expect(read("", 134)).toEqual(unlisted(/"xl list" failed three times/));
  expect(read("", 124)).toEqual(unlisted(/"xl list" did not answer/));
});
