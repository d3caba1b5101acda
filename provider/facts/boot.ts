import { EARLY_FILES, type EarlyHome } from "../boot/early-script";
import type { GrubDefaults } from "../boot/grub-defaults";
import { INITRAMFS_MODULE_FILES, type InitramfsMaker } from "../boot/initramfs-module";
import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** How the host boots: the files that say it, and the programs that make others from them. */
export interface Boot {
  readonly firmware: "bios" | "uefi";
  /** Programs that are there, of those that make boot files. */
  readonly programs: readonly string[];
  /** Whether grub-mkconfig reads /etc/default/grub.d (Debian's and Ubuntu's does). */
  readonly grubDropIns: boolean;
  /** The folder of dracut's modules.d. */
  readonly dracutFolder: string | undefined;
  /** Whether modprobe knows softdep: kmod does, module-init-tools (RHEL 6, Debian 6 and older) does not. */
  readonly softdep: boolean;
  /** Stub drivers of KVM that this kernel has. */
  readonly stubs: ReadonlyMap<string, "module" | "builtin">;
  /** /etc/default/grub with its drop-ins, grub.cfg, grub.conf, loader entries, grubenv, and what we put into the initramfs. */
  readonly files: readonly TextFile[];
}

const PROGRAMS = [...["update-initramfs", "dracut", "mkinitfs"], ...["update-grub", "grub-mkconfig", "grub2-mkconfig"]];

const GRUB_CONFIGS = ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"];
const LEGACY_CONFIGS = ["/boot/grub/grub.conf", "/boot/grub/menu.lst"];
const LOADER_ENTRIES = "/boot/loader/entries/";

export const bootFact: Fact<Boot> = {
  name: "boot",
  ask: `
[ ! -d /sys/firmware/efi ] || echo uefi
for program in ${PROGRAMS.join(" ")}; do
  command -v "$program" > /dev/null && echo "program $program"
done
mkconfig=$(command -v grub-mkconfig) && grep -q default/grub.d "$mkconfig" && echo drop-ins
for folder in /usr/lib/dracut /usr/share/dracut; do
  [ ! -d "$folder/modules.d" ] || echo "dracut $folder"
done
modprobe --version | sed -n 's/^/modprobe /p'
grep -E -h -s -o '(vfio-pci|pci-stub)\\.ko' "/lib/modules/$(uname -r)/modules.builtin" | sed 's/^/builtin /'
grep -E -h -s -o '^[^:]*(vfio-pci|pci-stub)\\.ko[^:]*:' "/lib/modules/$(uname -r)/modules.dep" | sed 's/^/module /'
${askTextFiles(
  ...["/etc/default/grub", "/etc/default/grub.d/*.cfg"],
  ...[...GRUB_CONFIGS, "/boot/efi/EFI/*/grub.cfg", "/boot/grub2/grubenv", "/boot/grub/grubenv"],
  ...[...LEGACY_CONFIGS, `${LOADER_ENTRIES}*.conf`, "/etc/kernel/cmdline"],
  ...[...EARLY_FILES, ...INITRAMFS_MODULE_FILES],
)}`,
  parse({ text }) {
    const end = `\n${text}`.indexOf("\nfile ");
    const lines = (end < 0 ? text : text.slice(0, end)).split("\n");
    const all = (word: string) =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
    const stubsIn = (word: string) => all(word).flatMap((one) => /vfio-pci|pci-stub/.exec(one)?.[0] ?? []);
    return {
      firmware: lines.includes("uefi") ? "uefi" : "bios",
      programs: all("program"),
      grubDropIns: lines.includes("drop-ins"),
      dracutFolder: all("dracut")[0],
      softdep: !all("modprobe").some((one) => one.startsWith("module-init-tools")),
      stubs: new Map([
        ...stubsIn("module").map((stub) => [stub, "module"] as const),
        ...stubsIn("builtin").map((stub) => [stub, "builtin"] as const),
      ]),
      files: readTextFiles(text),
    };
  },
};

/** Whether an edit of this file changes what bootFact reads. */
export function isBootFile(path: string): boolean {
  return /^\/(boot|etc\/(default|kernel|initramfs-tools|dracut\.conf\.d|mkinitfs)|usr\/(lib|share)\/dracut)\//.test(
    path,
  );
}

/** What grub-mkconfig reads; undefined without /etc/default/grub. */
export function grubDefaultsOf(boot: Boot): GrubDefaults | undefined {
  const files = boot.files.filter(
    ({ path }) => path === "/etc/default/grub" || (boot.grubDropIns && path.startsWith("/etc/default/grub.d/")),
  );
  return files.some(({ path }) => path === "/etc/default/grub") ? { files, dropIns: boot.grubDropIns } : undefined;
}

/**
 * The grub.cfg that the firmware leads to and that grub-mkconfig made. The one on the EFI system partition counts only when it is no
 * stub that leads to the other (Fedora 34, RHEL 9).
 */
export function grubConfigOf(boot: Boot): TextFile | undefined {
  const made = boot.files.filter(({ path, text }) => path.endsWith("/grub.cfg") && text.includes("/etc/grub.d/"));
  const efi = made.find(({ path }) => path.startsWith("/boot/efi/"));
  const other = made.find(({ path }) => !path.startsWith("/boot/efi/"));
  return boot.firmware === "uefi" ? (efi ?? other) : other;
}

/** The variables that GRUB keeps from boot to boot. */
export function grubEnvironmentOf(boot: Boot): TextFile | undefined {
  return boot.files.find(({ path }) => path.endsWith("/grubenv"));
}

/** Configuration of GRUB 0.9x, where the host has no grub.cfg: distributions that moved on leave the old file behind. */
export function legacyGrubOf(boot: Boot): TextFile | undefined {
  if (boot.files.some(({ path }) => path.endsWith("/grub.cfg"))) return undefined;
  return boot.files.find(({ path }) => LEGACY_CONFIGS.includes(path));
}

/** Boot loader entries, where grub.cfg tells GRUB to read them. */
export function loaderEntriesOf(boot: Boot): readonly TextFile[] {
  const reads = boot.files.some(({ path, text }) => path.endsWith("/grub.cfg") && /^\s*blscfg\b/m.test(text));
  return reads ? boot.files.filter(({ path }) => path.startsWith(LOADER_ENTRIES)) : [];
}

/** The program that makes this host's initramfs; undefined where it is none that we know. */
export function initramfsMakerOf({ programs }: Boot): InitramfsMaker | undefined {
  if (programs.includes("update-initramfs")) return "initramfs-tools";
  return (["dracut", "mkinitfs"] as const).find((maker) => programs.includes(maker));
}

/** What makes the initramfs here, where it takes scripts; undefined for makers that take no script of others (mkinitfs), or none at all. */
export function earlyHomeOf(boot: Boot): EarlyHome | undefined {
  const maker = initramfsMakerOf(boot);
  if (maker === "initramfs-tools") return { kind: "initramfs-tools" };
  return maker === "dracut" && boot.dracutFolder ? { kind: "dracut", folder: boot.dracutFolder } : undefined;
}
