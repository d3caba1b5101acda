/**
 * Our own script in the initramfs: it gives functions to a stub driver before udev starts, and so before any driver
 * that is a module can have them; from one that is a part of the kernel it takes them away before the root file system
 * is mounted. Never stops a boot: a device that is gone, another device at the address, or a driver that refuses, is
 * passed over.
 */
import { type PciAddress, parsePciAddress } from "../pci/address";

/** A function that the script gives to a stub driver. */
export interface EarlyTaking {
  /** pciback, vfio-pci or pci-stub, by its name in sysfs. */
  readonly driver: string;
  readonly address: PciAddress;
  /** Vendor and device, subsystem vendor and device, each as `8086:10d3`: any other device there keeps its driver. */
  readonly id: string;
  readonly subsystem: string;
}

/** What makes the initramfs, and where it looks for what others add. */
export type EarlyHome =
  | { readonly kind: "initramfs-tools" }
  /** The folder with modules.d: /usr/lib/dracut, or /usr/share/dracut before 008 (RHEL 6). */
  | { readonly kind: "dracut"; readonly folder: string };

/** A file of ours below /etc/initramfs-tools or dracut's modules.d, as it should be. */
export interface EarlyFile {
  readonly path: string;
  /** Undefined: there is no such file. */
  readonly text: string | undefined;
}

const INITRAMFS_TOOLS = "/etc/initramfs-tools";
const NAME = "pulumi-pci-passthrough";

/** Globs of all files that earlyFiles knows, for whoever reads them. */
export const EARLY_FILES: readonly string[] = [
  `${INITRAMFS_TOOLS}/hooks/${NAME}`,
  `${INITRAMFS_TOOLS}/scripts/init-top/${NAME}`,
  ...["/usr/lib/dracut", "/usr/share/dracut"].map((folder) => `${folder}/modules.d/90${NAME}/*`),
];

/** The file with the list. */
export function earlyScriptPath(home: EarlyHome): string {
  return home.kind === "dracut" ? `${moduleFolder(home)}/early.sh` : `${INITRAMFS_TOOLS}/scripts/init-top/${NAME}`;
}

/** The functions that a script of earlyFiles takes, in its order; lines that it did not write are passed over. */
export function readEarlyScript(text: string): readonly EarlyTaking[] {
  const lines = text.matchAll(/^pci_passthrough_take (\S+) (\S+) (\S+) (\S+)$/gm);
  return [...lines].flatMap(([, driver = "", word = "", id = "", subsystem = ""]) => {
    const address = parsePciAddress(word);
    return address ? [{ driver, address, id, subsystem }] : [];
  });
}

/** All files that make an initramfs of this kind take these functions; without any, none of the files is there. */
export function earlyFiles(home: EarlyHome, takings: readonly EarlyTaking[]): readonly EarlyFile[] {
  const texts = home.kind === "dracut" ? dracutFiles(home, takings) : initramfsToolsFiles(takings);
  return Object.entries(texts).map(([path, text]) => ({ path, text: takings.length === 0 ? undefined : text }));
}

/** The module of a stub driver. */
export function stubModule(driver: string): string {
  return driver === "pciback" ? "xen-pciback" : driver;
}

function initramfsToolsFiles(takings: readonly EarlyTaking[]): Record<string, string> {
  return {
    [`${INITRAMFS_TOOLS}/hooks/${NAME}`]: `#!/bin/sh
# The stub drivers that scripts/init-top/${NAME} needs.
[ "$1" = prereqs ] && exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules ${modulesOf(takings)}
`,
    // Scripts of init-top without a prerequisite run in the order of their names (tsort of coreutils), and udev comes
    // later.
    [`${INITRAMFS_TOOLS}/scripts/init-top/${NAME}`]: earlyScript(takings),
  };
}

// dracut before 008 runs check, install and installkernel; later ones have module-setup.sh instead and look at that
// first.
function dracutFiles(
  home: Extract<EarlyHome, { kind: "dracut" }>,
  takings: readonly EarlyTaking[],
): Record<string, string> {
  const folder = moduleFolder(home);
  const modules = modulesOf(takings);
  return {
    [`${folder}/check`]: "#!/bin/sh\nexit 0\n",
    [`${folder}/early.sh`]: earlyScript(takings),
    [`${folder}/install`]: '#!/bin/bash\ninst_hook pre-udev 00 "$moddir/early.sh"\n',
    [`${folder}/installkernel`]: `#!/bin/bash\ninstmods ${modules}\n`,
    [`${folder}/module-setup.sh`]: `#!/bin/bash
# Devices that are kept for VMs (${NAME}): see early.sh.
check() {
    return 0
}
depends() {
    return 0
}
installkernel() {
    hostonly='' instmods ${modules}
}
install() {
    inst_hook pre-udev 00 "$moddir/early.sh"
}
`,
  };
}

function moduleFolder({ folder }: Extract<EarlyHome, { kind: "dracut" }>): string {
  return `${folder}/modules.d/90${NAME}`;
}

function modulesOf(takings: readonly EarlyTaking[]): string {
  return [...new Set(takings.map(({ driver }) => stubModule(driver)))].sort().join(" ");
}

/**
 * Run by initramfs-tools, sourced by dracut: no exit, and nothing but a shell, modprobe and sysfs. Kernels before 3.16
 * have no driver_override (linux, Documentation/ABI/testing/sysfs-bus-pci): there the stub takes the whole id for a
 * moment, and lets go of the other functions before their own driver is loaded.
 */
function earlyScript(takings: readonly EarlyTaking[]): string {
  return `#!/bin/sh
# PCI functions that are kept for VMs before their own drivers can have them (${NAME}).
pci_passthrough_taken=
pci_passthrough_take() {
  pci_device=/sys/bus/pci/devices/$2
  pci_driver=/sys/bus/pci/drivers/$1
  [ -d "$pci_device" ] || return 0
  read -r pci_vendor < "$pci_device/vendor"
  read -r pci_id < "$pci_device/device"
  read -r pci_subvendor < "$pci_device/subsystem_vendor"
  read -r pci_subid < "$pci_device/subsystem_device"
  pci_found="\${pci_vendor#0x}:\${pci_id#0x} \${pci_subvendor#0x}:\${pci_subid#0x}"
  if [ "$pci_found" != "$3 $4" ]; then
    echo "${NAME}: $2 is $pci_found, not $3 $4: it keeps its driver" > /dev/kmsg
    return 0
  fi
  pci_module=$1
  [ "$1" != pciback ] || pci_module=xen-pciback
  pci_passthrough_taken="$pci_passthrough_taken $2 "
  if [ "$1" != pciback ] && [ -e "$pci_device/driver_override" ]; then
    echo "$1" > "$pci_device/driver_override"
  fi
  modprobe "$pci_module"
  [ ! -e "$pci_driver/$2" ] || return 0
  [ ! -e "$pci_device/driver" ] || echo "$2" > "$pci_device/driver/unbind"
  if [ "$1" = pciback ]; then
    echo "$2" > "$pci_driver/new_slot"
  elif [ ! -e "$pci_device/driver_override" ]; then
    echo "$pci_vendor $pci_id" > "$pci_driver/new_id"
    for pci_other in "$pci_driver"/*:*; do
      pci_other=\${pci_other##*/}
      case $pci_passthrough_taken in
        *" $pci_other "*) ;;
        *) echo "$pci_other" > "$pci_driver/unbind" ;;
      esac
    done
    echo "$pci_vendor $pci_id" > "$pci_driver/remove_id"
  fi
  [ -e "$pci_driver/$2" ] || echo "$2" > "$pci_driver/bind"
}
if [ "\${1:-}" = prereqs ]; then
  echo
else
  {
    :
${takings.map(({ driver, address, id, subsystem }) => `pci_passthrough_take ${driver} ${address} ${id} ${subsystem}\n`).join("")}  } 2> /dev/null
fi
`;
}
