import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { readHostFacts } from "../../provider/facts/host-facts";
import { parsePciAddress } from "../../provider/pci/address";
import { factsScript } from "../../provider/script/facts-script";
import type { Step } from "../../provider/steps/steps";
import type { VirshChange } from "../../provider/steps/virsh";
import type { Hostdev } from "../../provider/vm-text/domain-hostdev";
import { group, scriptOf } from "../script/apply-groups";
import { DirectoryHost, SHELLS } from "../script/directory-host";

const UUID = "34138775-b440-45f8-883a-f2520e0acbf2";
const OTHER = `    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source>
        <address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/>
      </source>
    </hostdev>
`;
const VM = `<domain type='kvm'>
  <name>it&apos;s $(a)</name>
  <uuid>${UUID}</uuid>
  <devices>
    <input type='mouse' bus='ps2'/>
${OTHER}  </devices>
</domain>
`;

/** As little virsh as the steps need; the VM is the file /vm.xml, and \`old\` beside it is a virsh of before 2013. */
const FAKE_VIRSH = `
[ "$1" = -c ] && shift 2
insert() { awk -v file="$1" '/^  <\\/devices>/ { while ((getline line < file) > 0) print line } { print }' "$ROOT/vm.xml" > "$ROOT/new.xml" && mv "$ROOT/new.xml" "$ROOT/vm.xml"; }
cut() { awk -v wanted="$(grep '<address domain' "$1" | sed 's/^ *//')" '
  /^    <hostdev / { block = $0; inside = 1; next }
  inside && /<\\/hostdev>/ { if (!index(block, wanted)) print block "\\n" $0; inside = 0; next }
  inside { block = block "\\n" $0; next } { print }' "$ROOT/vm.xml" > "$ROOT/new.xml" && mv "$ROOT/new.xml" "$ROOT/vm.xml"; }
case $1 in
  dumpxml) cat "$ROOT/vm.xml"; echo ;;
  attach-device) [ ! -e "$ROOT/hang" ] || exec sleep 20; [ ! -e "$ROOT/old" ] && insert "$3" ;;
  detach-device) [ ! -e "$ROOT/fail-detach" ] || { echo "error: Failed to detach device from $3" >&2; exit 1; }; [ ! -e "$ROOT/old" ] && cut "$3" ;;
  define) sed '/^$/d' "$2" > "$ROOT/vm.xml" ;;
  *version*uuid*) if [ -e "$ROOT/old" ]; then echo "error: command 'list' doesn't support option --uuid" >&2; exit 1; fi
    printf 'Compiled against library: libvirt 9.0.0\\nUsing library: libvirt 9.0.0\\n\\n    --live           affect running domain\\n\\n${UUID}\\n\\n' ;;
  version*) printf 'Using library: libvir 0.6.3\\n\\n  SYNOPSIS\\n    attach-device <domain> <file>\\n' ;;
  help) [ ! -e "$ROOT/old" ] ;;
  list) printf ' Id Name                 State\\n----------------------------------\\n  - my vm                shut off\\n\\n' ;;
  domuuid) [ "$2" = 'my vm' ] && echo ${UUID} ;;
  *dominfo*) case $1 in *snapshot-list*) [ ! -e "$ROOT/old" ] || exit 1 ;; esac
    printf 'Id:             -\\nName:           my vm\\nUUID:           ${UUID}\\nState:          shut off\\n\\n'
    [ -e "$ROOT/old" ] || printf ' Name   Creation Time   State\\n-------------------------------\\n s1     x   shutoff\\n\\n' ;;
  *dumpxml*) cat "$ROOT/vm.xml" "$ROOT/vm.xml" ;;
esac`;

let host: DirectoryHost;
beforeEach(() => {
  host = new DirectoryHost();
  host.write("/bin/virsh", `#!/bin/sh\nROOT='${host.root}'\n${FAKE_VIRSH}\n`);
  fs.chmodSync(host.path("/bin/virsh"), 0o755);
  host.write("/vm.xml", VM);
});
afterEach(() => host.remove());

const HOSTDEV: Hostdev = {
  address: parsePciAddress("0000:01:00.0") as Hostdev["address"],
  managed: false,
  options: {},
  guestAddress: undefined,
  driver: undefined,
};
const change = (kind: VirshChange["kind"], separateScopes: boolean): Step => ({
  kind,
  uri: "qemu:///system",
  vm: { uuid: UUID, name: "my vm" },
  hostdev: HOSTDEV,
  to: "config",
  separateScopes,
});
const apply = (shell: readonly string[], ...steps: Step[]) => {
  const script = scriptOf(group(...steps));
  const { stdout, stderr } = host.run(shell, script.text);
  const result = script.read(stdout);
  if (result.kind !== "ended") throw new Error(`${result.kind}: ${stdout}${stderr}`);
  return result.groups[0];
};
const count = (text: string | undefined) => text?.match(/<hostdev /g)?.length;

const AGES = [true, false].map(
  (modern) => [modern ? "with --config" : "by a new definition (RHEL 5)", modern] as const,
);

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("under %s", (_, shell) => {
  const HOLDS = [
    ["the group", "/dev/vfio/8"],
    ["the device alone (iommufd)", "/dev/vfio/devices/vfio0"],
  ] as const;
  test.each(HOLDS)("a device stays with the process that holds %s, whichever way it is released", (_, held) => {
    host.write("/bin/virsh", `#!/bin/sh\ncase "$*" in *reattach*) touch '${host.path("/reattached")}' ;; esac\n`);
    const address = parsePciAddress("0000:03:00.0") as Hostdev["address"];
    fs.mkdirSync(host.path("/sys/bus/pci/drivers/vfio-pci"));
    host.bind(address, "vfio-pci");
    host.write(`/sys/bus/pci/devices/${address}/vfio-dev/vfio0/dev`, "511:0\n");
    fs.symlinkSync("../../../../kernel/iommu_groups/8", host.path(`/sys/bus/pci/devices/${address}/iommu_group`));
    host.write("/proc/1/fd/0", "");
    host.write("/proc/4242/comm", "qemu-system-x86\n");
    fs.mkdirSync(host.path("/proc/4242/fd"));
    fs.symlinkSync(held, host.path("/proc/4242/fd/33"));
    for (const by of ["virsh", "sysfs"] as const) {
      expect(apply(shell, { kind: "release", address, stub: "vfio-pci", to: undefined, by })).toMatchObject({
        output: expect.stringContaining(
          "the process 4242 (qemu-system-x86), such as a VM, holds the IOMMU group of 0000:03:00.0. Shut it down first",
        ),
      });
      expect(host.driverOf(address)).toBe("vfio-pci");
    }
    expect(host.read("/reattached")).toBeUndefined();
  });

  test("the variant of vfio-pci that libvirt takes by itself counts as vfio-pci, and no other driver does", () => {
    const address = parsePciAddress("0000:03:00.0") as Hostdev["address"];
    for (const driver of ["nvme", "my_vfio_pci", "other"]) fs.mkdirSync(host.path(`/sys/bus/pci/drivers/${driver}`));
    host.bind(address, "nvme");
    const device = host.path(`/sys/bus/pci/devices/${address}/driver`);
    const release = spawnSync("uname", ["-r"], { encoding: "utf8" }).stdout.trim();
    host.write(`/lib/modules/${release}/modules.alias`, "alias vfio_pci:v00008086d*sv*sd*bc*sc*i* my_vfio_pci\n");
    for (const [driver, outcome] of [
      ["my_vfio_pci", "done"],
      ["other", "failed"],
    ] as const) {
      host.write(
        "/bin/virsh",
        `#!/bin/sh\ncase "$*" in *"nodedev-detach --help"* | "help nodedev-detach") echo --driver ;; *"nodedev-detach pci_0000_03_00_0 --driver vfio") ln -sfn ../../drivers/${driver} '${device}' ;; esac\n`,
      );
      const take = { kind: "make-assignable", address, from: "nvme", stub: "vfio-pci", by: "virsh" } as const;
      expect(apply(shell, take)).toMatchObject({ kind: outcome });
      fs.rmSync(device);
      fs.symlinkSync("../../drivers/nvme", device);
    }
  });

  test("what libvirt was asked for and has not answered in time is unknown: it may still come", () => {
    host.write("/hang", "");
    const { text, read } = scriptOf(group(change("virsh-attach", true)));
    const { stdout } = host.run(shell, text.replaceAll("limited 60 virsh", "limited 2 virsh"));
    expect(read(stdout)).toMatchObject({ kind: "ended", groups: [{ kind: "unknown" }] });
  });

  test.each(AGES)("VMs are read, and a device comes and goes %s", (_, modern) => {
    if (!modern) host.write("/old", "");
    const { libvirt } = readHostFacts(host.run(shell, factsScript({ vmConfigPaths: [], libvirt: false })).stdout);
    expect(libvirt).toMatchObject({
      kind: "answers",
      separateScopes: modern,
      domains: [{ name: "it's $(a)", uuid: UUID, running: false, snapshots: modern ? 1 : 0 }],
    });
    expect(apply(shell, change("virsh-attach", modern))).toEqual({ kind: "done" });
    expect(host.read("/vm.xml")).toContain("bus='0x01' slot='0x00' function='0x0'");
    expect(count(host.read("/vm.xml"))).toBe(2);
    expect(apply(shell, change("virsh-detach", modern))).toEqual({ kind: "done" });
    expect(host.read("/vm.xml")).toBe(VM);
    expect(host.files().filter((file) => file.includes("virsh.xml"))).toEqual([]);
  });
});

test.each(AGES)("a step after it that fails takes it back %s", (_, modern) => {
  if (!modern) host.write("/old", "");
  host.write("/fail-add", "");
  const take: Step = { kind: "make-assignable", address: HOSTDEV.address, from: "e1000e", stub: "pciback", by: "xl" };
  expect(apply(["sh"], change("virsh-attach", modern), take)).toMatchObject({ kind: "failed", notUndone: [] });
  expect(host.read("/vm.xml")).toBe(VM);
});

test("a VM that somebody changed meanwhile is left alone", () => {
  expect(apply(["sh"], change("virsh-detach", true))).toMatchObject({
    kind: "stale",
    reason: expect.stringContaining("was changed by somebody else"),
  });
  expect(host.read("/vm.xml")).toBe(VM);
});

test("what virsh says of a failure is handed on", () => {
  apply(["sh"], change("virsh-attach", true));
  host.write("/fail-detach", "");
  expect(apply(["sh"], change("virsh-detach", true))).toMatchObject({
    kind: "failed",
    output: expect.stringContaining("Failed to detach device"),
  });
});
