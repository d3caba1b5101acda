import { CUSTOM_CONFIG, TRIAL_ENVIRONMENT } from "../boot/boot-trial-files";
import { EARLY_FILES, type EarlyHome } from "../boot/early-script";
import { GRUB_DEFAULTS, type GrubDefaults } from "../boot/grub-defaults";
import { INITRAMFS_MODULE_FILES, type InitramfsMaker } from "../boot/initramfs-module";
import type { TextFile } from "../boot/text-file";
import { keptByObject } from "../kept-by-object";
import type { Fact } from "./answers";
import { type HostFiles, selectFiles } from "./files";

/** How the host boots, and the programs that make its boot files. */
export interface Boot {
  readonly firmware: "bios" | "uefi";
  /** What the boot loader told the firmware of itself; undefined where it told nothing, as all do without UEFI. */
  readonly loaderInfo: string | undefined;
  /** The file name of the loader entry that was booted, as systemd-boot tells it: `proxmox-6.2.16-3-pve.conf`. */
  readonly loaderEntry: string | undefined;
  /** Whether a unified kernel image was booted, which has its command line built in. */
  readonly unifiedKernelImage: boolean;
  /** Which of the programs that make boot files are installed. */
  readonly programs: readonly string[];
  /** Whether grub-mkconfig reads /etc/default/grub.d (Debian's and Ubuntu's does). */
  readonly grubDropIns: boolean;
  /** The folder that holds dracut's modules.d. */
  readonly dracutFolder: string | undefined;
  /** Whether modprobe knows softdep: kmod does, module-init-tools (RHEL 6, Debian 6 and older) does not. */
  readonly softdep: boolean;
  /** Whether systemd is the init (sd_booted(3)). */
  readonly systemd: boolean;
}

const PROGRAMS = [...["update-initramfs", "dracut", "mkinitfs"], ...["update-grub", "grub-mkconfig", "grub2-mkconfig"]];

const GRUB_CONFIGS = ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"];
const LEGACY_CONFIGS = ["/boot/grub/grub.conf", "/boot/grub/menu.lst"];
const LOADER_ENTRIES = "/boot/loader/entries/";
/** Where the EFI system partition and the extended boot partition are mounted (bootctl(1), systemd 252). */
const SYSTEMD_BOOT_ENTRIES = ["/boot", "/efi", "/boot/efi"].map((folder) => `${folder}/loader/entries/*.conf`);
/** The partitions that proxmox-boot-tool copies kernels to (proxmox-kernel-helper 8.1, proxmox-boot/functions). */
const PROXMOX_PARTITIONS = "/etc/kernel/proxmox-boot-uuids";
const GRUB_DROP_INS = "/etc/default/grub.d/*.cfg";

/** What boot loaders read, what makes it, and what this project puts into the initramfs. */
export const BOOT_FILES: readonly string[] = [
  ...[GRUB_DEFAULTS, GRUB_DROP_INS],
  ...[
    CUSTOM_CONFIG,
    TRIAL_ENVIRONMENT,
    ...GRUB_CONFIGS,
    "/boot/efi/EFI/*/grub.cfg",
    "/boot/grub2/grubenv",
    "/boot/grub/grubenv",
  ],
  ...[...LEGACY_CONFIGS, ...SYSTEMD_BOOT_ENTRIES, "/etc/kernel/cmdline", PROXMOX_PARTITIONS],
  ...[...EARLY_FILES, ...INITRAMFS_MODULE_FILES],
];

/** EFI variables: https://systemd.io/BOOT_LOADER_INTERFACE; GRUB sets LoaderInfo from 2.12 on (its module bli). */
const LOADER_VARIABLES = ["LoaderInfo", "LoaderEntrySelected", "StubInfo"];
const LOADER_GUID = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/**
 * How the host boots. Of an EFI variable, which is UTF-16 behind four bytes of attributes, the printable ASCII is read.
 */
export const bootFact: Fact<Boot> = {
  name: "boot",
  about: [],
  ask: `
[ ! -d /sys/firmware/efi ] || echo uefi
[ ! -d /run/systemd/system ] || echo systemd
for variable in ${LOADER_VARIABLES.join(" ")}; do
  file=/sys/firmware/efi/efivars/$variable-${LOADER_GUID}
  [ ! -r "$file" ] || echo "$variable $(tr -cd ' -~' < "$file")"
done
for program in ${PROGRAMS.join(" ")}; do
  command -v "$program" > /dev/null && echo "program $program"
done
for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
  [ -e "$folder/grub-mkconfig" ] || continue
  grep -q default/grub.d "$folder/grub-mkconfig" && echo drop-ins
  break
done
for folder in /usr/lib/dracut /usr/share/dracut; do
  [ ! -d "$folder/modules.d" ] || echo "dracut $folder"
done
prefix 'modprobe '
command -v kmod > /dev/null || modprobe --version`,
  parse({ text }) {
    const lines = text.split("\n");
    const all = (word: string) =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
    return {
      firmware: lines.includes("uefi") ? "uefi" : "bios",
      loaderInfo: all("LoaderInfo")[0],
      loaderEntry: all("LoaderEntrySelected")[0],
      unifiedKernelImage: all("StubInfo").length > 0,
      programs: all("program"),
      grubDropIns: lines.includes("drop-ins"),
      dracutFolder: all("dracut")[0],
      softdep: !all("modprobe").some((version) => version.startsWith("module-init-tools")),
      systemd: lines.includes("systemd"),
    };
  },
};

/** The files of the host that have to do with its boot. */
export const bootFiles = keptByObject((files: HostFiles): readonly TextFile[] => selectFiles(files, BOOT_FILES));

/** What grub-mkconfig reads; undefined without /etc/default/grub. */
export function grubDefaultsOf(boot: Boot, files: HostFiles): GrubDefaults | undefined {
  if (!files.byPath.has(GRUB_DEFAULTS)) return undefined;
  const read = [GRUB_DEFAULTS, ...(boot.grubDropIns ? [GRUB_DROP_INS] : [])];
  return { files: selectFiles(files, read), dropIns: boot.grubDropIns };
}

/**
 * The grub.cfg that the firmware leads to and that grub-mkconfig made. The one on the EFI system partition only counts
 * when it is not a stub that leads to the other (Fedora 34, RHEL 9).
 */
export function grubConfigOf(boot: Boot, files: HostFiles): TextFile | undefined {
  const made = grubConfigs(files).filter(({ text }) => text.includes("/etc/grub.d/"));
  const efi = made.find(({ path }) => path.startsWith("/boot/efi/"));
  const other = made.find(({ path }) => !path.startsWith("/boot/efi/"));
  return boot.firmware === "uefi" ? (efi ?? other) : other;
}

/** Every grub.cfg in the places that are known, whoever made it. */
export function grubConfigs(files: HostFiles): readonly TextFile[] {
  return bootFiles(files).filter(({ path }) => path.endsWith("/grub.cfg"));
}

/** The variables that GRUB keeps from boot to boot. */
export function grubEnvironmentOf(files: HostFiles): TextFile | undefined {
  return bootFiles(files).find(({ path }) => path.endsWith("/grubenv"));
}

/** Configuration of GRUB 0.9x, on a host without grub.cfg: distributions that moved on leave the old file behind. */
export function legacyGrubOf(files: HostFiles): TextFile | undefined {
  return grubConfigs(files).length > 0 ? undefined : selectFiles(files, LEGACY_CONFIGS)[0];
}

/** Boot loader entries, where grub.cfg tells GRUB to read them. */
export function loaderEntriesOf(files: HostFiles): readonly TextFile[] {
  const areRead = grubConfigs(files).some(({ text }) => /^\s*blscfg\b/m.test(text));
  return areRead ? selectFiles(files, [`${LOADER_ENTRIES}*.conf`]) : [];
}

/** The entries that systemd-boot reads. */
export function systemdBootEntriesOf(files: HostFiles): readonly TextFile[] {
  return selectFiles(files, SYSTEMD_BOOT_ENTRIES);
}

/** What kernel-install and proxmox-boot-tool give new entries. */
export function kernelCommandLineFileOf(files: HostFiles): TextFile | undefined {
  return files.byPath.get("/etc/kernel/cmdline");
}

/** Whether proxmox-boot-tool copies kernels and their entries to EFI system partitions, which are not mounted. */
export function isBootedByProxmoxTool(files: HostFiles): boolean {
  return /\S/.test(files.byPath.get(PROXMOX_PARTITIONS)?.text ?? "");
}

/** The program that makes this host's initramfs; undefined where it is an unknown one. */
export function initramfsMakerOf({ programs }: Boot): InitramfsMaker | undefined {
  if (programs.includes("update-initramfs")) return "initramfs-tools";
  return (["dracut", "mkinitfs"] as const).find((maker) => programs.includes(maker));
}

/** Where a script for the initramfs goes; undefined where its maker takes none (mkinitfs) or is unknown. */
export function earlyHomeOf(boot: Boot): EarlyHome | undefined {
  const maker = initramfsMakerOf(boot);
  if (maker === "initramfs-tools") return { kind: "initramfs-tools" };
  return maker === "dracut" && boot.dracutFolder ? { kind: "dracut", folder: boot.dracutFolder } : undefined;
}
