import { isBootedByProxmoxTool, kernelCommandLineFileOf, legacyGrubOf, systemdBootEntriesOf } from "../facts/boot";
import type { HostFacts } from "../facts/host-facts";

/** What boots this host, as far as its command lines are concerned. */
export type BootLoader =
  | { readonly kind: "grub" }
  /** Entries of its own, which are files. */
  | { readonly kind: "systemd-boot" }
  /** systemd-boot on partitions that are not mounted: proxmox-boot-tool makes the entries from /etc/kernel/cmdline. */
  | { readonly kind: "proxmox-boot-tool" }
  /** Nothing is edited then. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The boot loader that booted the host, by what it told the firmware and what the kernel was given. */
export function bootLoaderOf(facts: HostFacts): BootLoader {
  const { boot, files, machine, xen } = facts;
  const unknown = (reason: string): BootLoader => ({ kind: "unknown", reason });
  const proxmox = isBootedByProxmoxTool(files);
  // grub_cmd_linux (grub 2.06, loader/i386/linux.c) puts BOOT_IMAGE= first, systemd-boot and the firmware do not.
  const hasBootImage = /(?:^| )BOOT_IMAGE=/.test(machine.kernelCommandLine);
  if (boot.loaderInfo?.startsWith("systemd-boot")) {
    if (boot.unifiedKernelImage)
      return unknown(
        "it boots a unified kernel image, whose arguments are built in. Add the argument where the image is made, such as /etc/kernel/cmdline, make the image anew and reboot",
      );
    if (hasBootImage && !systemdBootEntriesOf(files).some(({ text }) => text.includes("BOOT_IMAGE=")))
      return unknown(
        "systemd-boot started it through another boot loader, and which one is not known. Add the argument there by hand",
      );
    if (xen)
      return unknown("systemd-boot starts Xen, whose arguments are not in its entries. Add the argument by hand");
    const entry = idOf(boot.loaderEntry ?? "");
    if (proxmox && entry.startsWith("proxmox-") && kernelCommandLineFileOf(files)) return { kind: "proxmox-boot-tool" };
    return systemdBootEntriesOf(files).some(({ path }) => idOf(path.slice(path.lastIndexOf("/") + 1)) === entry)
      ? { kind: "systemd-boot" }
      : unknown(
          `systemd-boot booted its entry "${boot.loaderEntry ?? ""}", which is in none of /boot, /efi and /boot/efi. Mount its partition there, or add the argument by hand`,
        );
  }
  if (boot.loaderInfo !== undefined && !boot.loaderInfo.startsWith("GRUB"))
    return unknown(`its boot loader is ${boot.loaderInfo}, which is not supported. Add the argument there by hand`);
  if (proxmox)
    return unknown(
      'proxmox-boot-tool keeps its GRUB on partitions that are not mounted. Add the argument to /etc/default/grub by hand, and run "proxmox-boot-tool refresh"',
    );
  if (boot.firmware === "uefi" && boot.loaderInfo === undefined && !xen && !hasBootImage && !legacyGrubOf(files))
    return unknown(
      "it is not known which boot loader booted it: there is neither an EFI variable LoaderInfo nor GRUB's argument BOOT_IMAGE. Add the argument by hand",
    );
  return { kind: "grub" };
}

/**
 * The id of an entry: systemd-boot (252, src/boot/efi/boot.c) turns it to small letters, and takes the counter of tries
 * from the file's name.
 */
function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.conf$/, "")
    .replace(/\+\d+(?:-\d+)?$/, "");
}
