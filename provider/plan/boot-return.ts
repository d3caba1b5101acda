import {
  CUSTOM_CONFIG,
  GRUB_FOLDER,
  PANIC_ARGUMENT,
  TRIAL_ARGUMENT,
  titleOnTrial,
  withoutTrialSection,
} from "../boot/boot-trial-files";
import { type GrubEntryText, normalKernelLine, topGrubEntries } from "../boot/grub-entry";
import type { TextFile } from "../boot/text-file";
import { grubConfigOf, initramfsMakerOf, legacyGrubOf, loaderEntriesOf } from "../facts/boot";
import { bootTrialOf } from "../facts/boot-trial";
import type { HostFacts } from "../facts/host-facts";
import { mountAt } from "../facts/mounts";
import { defaultBootEntry } from "./boot-lines";
import { bootLoaderOf } from "./boot-loader";

/** Whether a host whose boot fails can go back to the boot before by itself. */
export type BootReturn =
  /**
   * GRUB boots a new entry once, and then the old one again. `entry`: what the host runs now; once a trial is armed, which
   * holds that, what it boots next.
   */
  | { readonly kind: "grub"; readonly config: TextFile; readonly entry: GrubEntryText }
  /** `reason`: about the host, for people. */
  | { readonly kind: "none"; readonly reason: string };

/**
 * GRUB 2.06 saved its environment on these (seen in the lab); on btrfs it says "sparse file not allowed". FAT is writable
 * too, but has no hard links, by which the old initramfs is kept.
 */
const WRITABLE = ["ext2", "ext3", "ext4", "xfs"];

/**
 * Whether the host can go back, by what boots it. Only what was seen to come back counts (docs/decisions.md, "A boot that
 * goes back by itself"): all else is a reason why not.
 */
export function bootReturnOf(facts: HostFacts): BootReturn {
  const { boot, files, machine } = facts;
  const none = (reason: string): BootReturn => ({ kind: "none", reason });
  const loader = bootLoaderOf(facts);
  if (machine.isXenServer) return none("xen-cmdline writes its grub.cfg");
  if (loader.kind === "unknown") return none("it is not known which one it is");
  if (loader.kind !== "grub") return none(`it is ${loader.kind}`);
  if (legacyGrubOf(files)) return none("it is GRUB 0.9x");
  if (loaderEntriesOf(files).length > 0) return none("it boots entries of the Boot Loader Specification");
  if (boot.firmware === "uefi") return none("never tried with GRUB under UEFI");
  if (initramfsMakerOf(boot) !== "initramfs-tools") return none("only tried with initramfs-tools");
  if (!boot.systemd) return none("it needs systemd");
  const config = grubConfigOf(boot, files);
  if (config?.target !== `${GRUB_FOLDER}/grub.cfg`) return none(`there is no ${GRUB_FOLDER}/grub.cfg`);
  if (!/^\s*source \$\{config_directory\}\/custom\.cfg$/m.test(config.text))
    return none(`${config.path} does not read custom.cfg`);
  const custom = files.byPath.get(CUSTOM_CONFIG)?.text;
  if (custom !== undefined && !custom.endsWith("\n")) return none("custom.cfg does not end with a newline");
  // It would ask for the password before it boots an entry of ours.
  if (/^\s*set superusers=/m.test(`${config.text}\n${custom ?? ""}`)) return none("its menu has a password");
  const unwritable = ["/boot", GRUB_FOLDER].flatMap((folder) => whyNotWritten(facts, folder) ?? [])[0];
  if (unwritable !== undefined) return none(unwritable);
  const armed = armedTitle(facts);
  const entry =
    armed === undefined
      ? runningEntry(facts, config.text, withoutTrialSection(custom ?? "") ?? "")
      : topGrubEntries(config.text).find(({ title }) => title === armed);
  if (!entry) return none("the entry that boots by default is not the one that the host runs");
  const elsewhere = entry.images.find((image) => !/^\/(?:boot\/)?[\w.+-]+$/.test(image));
  if (elsewhere !== undefined) return none(`its initramfs ${elsewhere} is not in /boot`);
  return entry.images.length === 0 ? none("its entry has no initramfs") : { kind: "grub", config, entry };
}

/**
 * GRUB writes through no mapping: "diskfilter writes are not supported" (seen on LVM; RAID goes the same way in 2.12,
 * grub-core/disk/diskfilter.c).
 */
function whyNotWritten({ storage }: HostFacts, folder: string): string | undefined {
  const mount = mountAt(storage.mounts, folder);
  if (!mount) return `the file system of ${folder} was not found`;
  if (!WRITABLE.includes(mount.type)) return `${folder} is on ${mount.type}`;
  const use = storage.uses.find(({ purpose }) => purpose.kind === "mount" && purpose.point === mount.point);
  const below = use?.blockDevices ?? [];
  const mapped = below.find((name) => /^(?:dm-|md|loop|nbd|zd|bcache|drbd)/.test(name));
  if (mapped !== undefined) return `${folder} is on ${mapped}, which GRUB cannot write to`;
  return below.length > 0 && use?.untraced === undefined ? undefined : `the disk of ${folder} was not found`;
}

/**
 * The entry that the host runs, by the arguments that its kernel has; undefined where that is none at the top of the menu,
 * or another one boots by default. A custom.cfg may choose the default by itself.
 */
function runningEntry(facts: HostFacts, config: string, custom: string): GrubEntryText | undefined {
  const running = withoutTrialArguments(normalKernelLine(facts.machine.kernelCommandLine));
  const wanted = facts.xen ? /^\s*multiboot2?\s/m : /^\s*linux(?:16|efi)?\s/m;
  const entries = topGrubEntries(config).filter(
    ({ kernelLine, body }) => kernelLine === running && wanted.test(body) && !isOther(facts, body),
  );
  if (/^\s*set default=/m.test(custom)) return entries[0];
  const byDefault = defaultBootEntry(facts)?.title;
  return entries.find(({ title }) => title === byDefault);
}

/** The title of the entry that an apply before this one has put on trial for the next boot; undefined where none has. */
export function armedTitle({ files, machine }: Pick<HostFacts, "files" | "machine">): string | undefined {
  if (bootTrialOf({ files, machine }) !== "armed") return undefined;
  return titleOnTrial(files.byPath.get(CUSTOM_CONFIG)?.text ?? "");
}

/** A boot that was on trial is of an entry of ours, which is a copy with more arguments. */
function withoutTrialArguments(line: string): string {
  const ending = [` ${PANIC_ARGUMENT} ${TRIAL_ARGUMENT.new}`, ` ${TRIAL_ARGUMENT.old}`].find((end) =>
    line.endsWith(end),
  );
  return ending === undefined ? line : line.slice(0, -ending.length);
}

/** Of two entries with the same arguments the one with the kernel that runs counts. */
function isOther({ machine }: HostFacts, body: string): boolean {
  return !body.includes(`/vmlinuz-${machine.kernelRelease}`);
}
