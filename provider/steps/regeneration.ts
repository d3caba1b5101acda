import type { Regenerated, Regeneration } from "../claims/run-record";
import type { Subject } from "../facts/answers";
import { quote } from "../shell";

/** The limit for a program that builds an initramfs or a grub.cfg: on an emulated host mkinitramfs takes minutes. */
const LIMIT_SECONDS = 30 * 60;
const PROGRESS_SECONDS = 10;
/** The prefix of lines that tell the user about progress. */
export const PROGRESS_MARK = "@progress ";

/**
 * The shell function that rebuilds each kind of boot file, its description for people, in the infinitive, and what of the
 * host that changes. They are rebuilt in this order: the menu of a trial is made of the new grub.cfg, and goes when the sources have been rebuilt.
 */
export const REGENERATIONS = {
  initramfs: { shellFunction: "regenerate_initramfs", describe: "rebuild the initramfs", changes: ["files"] },
  "grub-config": { shellFunction: "regenerate_grub_config", describe: "rebuild grub.cfg", changes: ["files"] },
  "proxmox-boot": {
    shellFunction: "regenerate_proxmox_boot",
    describe: "run proxmox-boot-tool refresh",
    changes: ["files"],
  },
  "boot-trial": { shellFunction: "arm_boot_trial", describe: "put the next boot on trial", changes: ["files"] },
  "boot-trial-end": { shellFunction: "end_boot_trial", describe: "end the trial of a boot", changes: ["files"] },
} as const satisfies Readonly<
  Record<Regenerated, { shellFunction: string; describe: string; changes: readonly Subject[] }>
>;

/**
 * Shell functions that rebuild boot files from their sources. The old file stays until the new one is complete, checked
 * and on disk. `remade` names the files replaced; they are rebuilt once more when a later one fails and the sources are
 * restored.
 */
export const REGENERATION_FUNCTIONS = `
# Runs a slow program: reports from time to time that it is still running, and kills it with all its children after the limit.
# The shell around it keeps the lock (9) until it ends, also when this script is killed: nobody may change its sources then.
with_progress() {
  rm -f "$log.pid" "$log.late"
  {
    seconds=0
    while sleep ${PROGRESS_SECONDS} > /dev/null 2>&1 8>&- && kill -0 "-$(cat "$log.pid")"; do
      seconds=$((seconds + ${PROGRESS_SECONDS}))
      printf '${PROGRESS_MARK}%s: %s s so far; %s\\n' "$1" "$seconds" "$(tail -n 1 "$log")" >&8 2> /dev/null
      [ "$seconds" -ge "$limit" ] || continue
      : > "$log.late"
      kill -TERM "-$(cat "$log.pid")"
      sleep 5 > /dev/null 2>&1 8>&-
      kill -KILL "-$(cat "$log.pid")"
    done
  } 2> /dev/null 9>&- &
  heartbeat=$!
  setsid sh -c 'echo "$$" > "$1"; shift; "$@" 9>&-; exit' with_progress "$log.pid" "$@" 8>&-
  ended=$?
  # bash says "Terminated" of what was not waited for.
  { kill "$heartbeat" && wait "$heartbeat"; } 2> /dev/null
  [ ! -e "$log.late" ] || echo "$1 was killed because it took longer than $limit s"
  [ ! -e "$log.late" ] && [ "$ended" = 0 ]
}
# The versions whose initramfs matters: that of the running kernel, and the newest one, which boots next.
kernel_versions() {
  echo "$running"
  newest=$(ls -t /boot/vmlinuz-* 2> /dev/null | grep -v rescue | head -n 1)
  newest=\${newest#/boot/vmlinuz-}
  [ -z "$newest" ] || [ "$newest" = "$running" ] || echo "$newest"
}
# Initramfs, the program that lists it. Succeeds if it must be rebuilt, also when it cannot be read.
concerns_initramfs() {
  listing=$("$2" "$1" 2> /dev/null)
  [ -z "$listing" ] || matters "$listing"
}
regenerate_initramfs() {
  remade=
  running=$(uname -r) || return
  if command -v update-initramfs > /dev/null; then
    for version in $(kernel_versions); do
      [ "$version" = "$running" ] || [ -e "/boot/initrd.img-$version" ] || continue
      concerns_initramfs "/boot/initrd.img-$version" lsinitramfs || continue
      if ! with_progress update-initramfs -u -k "$version"; then
        rm -f "/boot/initrd.img-$version.new"
        return 1
      fi
      remade="$remade $version"
    done
  elif command -v dracut > /dev/null; then
    for version in $(kernel_versions); do
      for image in "/boot/initramfs-$version.img" "/boot/initrd-$version" /boot/*/"$version/initrd"; do
        [ -e "$image" ] || continue
        forget_parts "$image"
        concerns_initramfs "$image" lsinitrd || continue
        make_image "$image" dracut -f "$image.pci-passthrough-new" "$version" || return
      done
    done
  elif command -v mkinitfs > /dev/null; then
    image=/boot/initramfs-\${running##*-}
    forget_parts "$image"
    concerns_initramfs "$image" list_initfs || return 0
    make_image "$image" mkinitfs -o "$image.pci-passthrough-new" "$running"
  else
    echo "this host has no update-initramfs, dracut or mkinitfs. Install the one of its distribution"
    return 1
  fi
}
# Image. Removes what a run that was cut off left beside it.
forget_parts() {
  rm -f "$1.pci-passthrough-new" "\${1%/*}/.pci-passthrough-new"
}
# Image, the command that writes the new image beside it.
make_image() {
  image=$1
  fresh=$1.pci-passthrough-new
  shift
  if with_progress "$@" && [ -s "$fresh" ] && has_our_hook "$fresh" && replace_file "$image" < "$fresh"; then
    rm -f "$fresh"
    remade="$remade $image"
    return
  fi
  rm -f "$fresh"
  echo "$image was left unchanged"
  return 1
}
# New image. dracut leaves a module out, with success, where its settings say so (omit_dracutmodules, dracutmodules). The
# hook is pre-udev/00early.sh up to dracut 011, 00-early.sh later. What cannot be listed is not judged.
has_our_hook() {
  for early in /usr/lib/dracut/modules.d/90pulumi-pci-passthrough/early.sh \\
    /usr/share/dracut/modules.d/90pulumi-pci-passthrough/early.sh; do
    [ -e "$early" ] || continue
    listing=$(lsinitrd "$1" 2> /dev/null)
    case $listing in
      '' | *pre-udev/00early.sh* | *pre-udev/00-early.sh*) ;;
      *)
        echo "dracut left 90pulumi-pci-passthrough out. Look for dracutmodules in /etc/dracut.conf and /etc/dracut.conf.d"
        return 1
        ;;
    esac
  done
}
list_initfs() {
  zcat "$1" | cpio -t
}
# grub.cfg. Prints the default and the timeout that it sets.
grub_choice() {
  sed -n -e 's/^[[:space:]]*\\(set default=.*\\)/\\1/p' -e 's/^[[:space:]]*\\(set timeout.*\\)/\\1/p' "$1"
}
# grub.cfg. Prints the files of the hypervisors and kernels that it boots.
grub_kernels() {
  sed -n -e 's/^[[:space:]]*linux[a-z0-9]*[[:space:]][[:space:]]*\\([^[:space:]]*\\).*/\\1/p' \\
    -e 's/^[[:space:]]*multiboot2*[[:space:]][[:space:]]*\\([^[:space:]]*\\).*/\\1/p' "$1"
}
# The new grub.cfg, the old one. What stands in /etc/default/grub and was never made into grub.cfg is not ours to put there.
expect_same_boot() {
  [ -e "$2" ] || return 0
  if [ "$(grub_choice "$1")" != "$(grub_choice "$2")" ]; then
    echo "$mkconfig would change the default or the timeout; $2 was left unchanged. Run $mkconfig -o $2 yourself first"
    return 1
  fi
  for kernel in $(grub_kernels "$2"); do
    [ -e "/boot/\${kernel##*/}" ] || continue
    grub_kernels "$1" | grep -qxF -e "$kernel" && continue
    echo "$mkconfig would drop the entry of $kernel; $2 was left unchanged. Run $mkconfig -o $2 yourself first"
    return 1
  done
  lacking=$(lacks_argument "$2" "$1")
  [ -n "$lacking" ] || return 0
  echo "$mkconfig gives $lacking; $2 was left unchanged. Look for what makes that entry in /etc/grub.d"
  return 1
}
# The old grub.cfg, the new one. Of the entries that are made from /etc/default/grub, without those for recovery: prints
# an argument that is new in some of them, and the title of one that does not have it.
lacks_argument() {
  awk '
    FNR == 1 { file++ }
    /^### BEGIN / { made = $3 ~ /_linux(_[a-z]+)?$/ }
    /^### END / { made = 0 }
    !made { next }
    $1 == "menuentry" {
      title = $0
      sub(/^[ \\t]*menuentry[ \\t]+[\\047"]/, "", title)
      sub(/[\\047"].*/, "", title)
      modules = 0
    }
    tolower(title) ~ /recovery|rescue|fail-?safe|single[ -]user/ { next }
    $1 ~ /^(linux|multiboot|module)/ {
      if ($1 ~ /^module/ && modules++) next
      kind = substr($1, 1, 5)
      entry = kind SUBSEP title
      if (file == 1) old[entry] = 1
      else entries[entry] = 1
      for (i = 3; i <= NF; i++) {
        if ($i ~ /^[-(\\/]/) continue
        if (file == 1) had[entry, $i] = 1
        else {
          has[entry, $i] = 1
          if (entry in old && !((entry, $i) in had)) added[kind, $i] = 1
        }
      }
    }
    END {
      for (entry in entries) {
        split(entry, named, SUBSEP)
        for (argument in added) {
          split(argument, new, SUBSEP)
          if (new[1] == named[1] && !((entry, new[2]) in has)) {
            print new[2] " to some entries, but not to \\"" named[2] "\\""
            exit
          }
        }
      }
    }' "$1" "$2"
}
# The new grub.cfg is used only if GRUB can read it, it has a boot entry, and it boots what the old one boots.
regenerate_grub_config() {
  remade=
  fresh=$grub_config.pci-passthrough-new
  mkconfig=$(command -v grub2-mkconfig || command -v grub-mkconfig)
  check=$(command -v grub2-script-check || command -v grub-script-check)
  if [ -z "$mkconfig" ]; then
    echo "this host has no grub-mkconfig. Install the GRUB tools"
    return 1
  fi
  if ! with_progress "$mkconfig" -o "$fresh"; then
    rm -f "$fresh" "$fresh.new"
    return 1
  fi
  if [ -n "$check" ] && ! "$check" "$fresh"; then
    echo "$mkconfig wrote a file that GRUB cannot read; $grub_config was left unchanged"
  elif ! grep -q -E '^[[:space:]]*(menuentry|blscfg)' "$fresh"; then
    echo "$mkconfig wrote a file without any boot entry; $grub_config was left unchanged"
  elif expect_same_boot "$fresh" "$grub_config" && replace_file "$grub_config" < "$fresh"; then
    rm -f "$fresh"
    remade=$grub_config
    return
  fi
  rm -f "$fresh"
  return 1
}
# proxmox-boot-tool passes over partitions that it cannot mount or fill, and ends with 0 (8.1, proxmox-boot/zz-proxmox-boot).
# So the entries are read on each partition, mounted in a namespace of its own: all must have the new command line.
regenerate_proxmox_boot() {
  remade=
  with_progress proxmox-boot-tool refresh || return
  remade=entries
  with_progress unshare --mount --propagation private sh -c '
    IFS= read -r wanted < /etc/kernel/cmdline
    mkdir -p "$1" || exit
    while read -r partition || [ -n "$partition" ]; do
      [ -n "$partition" ] || continue
      mount -o ro "/dev/disk/by-uuid/$partition" "$1" || exit
      found=
      for entry in "$1"/loader/entries/proxmox-*.conf; do
        [ -e "$entry" ] || continue
        found=1
        options=$(sed -n "s/^options  //p" "$entry")
        [ "$options" = "$wanted" ] && continue
        echo "on the partition $partition, \${entry##*/} has the options \\"$options\\", not those of /etc/kernel/cmdline"
        exit 1
      done
      umount "$1"
      [ -n "$found" ] && continue
      echo "the partition $partition has no loader entry proxmox-*.conf"
      exit 1
    done < /etc/kernel/proxmox-boot-uuids' proxmox "$log.mount"
  entries_are_right=$?
  rmdir "$log.mount" 2> /dev/null
  return "$entries_are_right"
}`.trim();

/** Shell that sets what those functions need, from all regenerations of an apply together. */
export function regenerationSettings(regenerations: readonly Regeneration[]): string {
  const initramfs = regenerations.filter((regeneration) => regeneration.what === "initramfs");
  const config = regenerations.find(({ what }) => what === "grub-config");
  return [
    `limit=${LIMIT_SECONDS}`,
    ...(initramfs.length > 0 ? [whetherItMatters(initramfs.map(({ ifItHas }) => ifItHas))] : []),
    ...(config?.what === "grub-config" ? [`grub_config=${quote(config.path)}`] : []),
  ].join("\n");
}

/** The shell function that decides by the listing of an initramfs whether it must be rebuilt. */
function whetherItMatters(modules: readonly (readonly string[] | undefined)[]): string {
  if (modules.includes(undefined)) return "matters() { :; }";
  const names = [...new Set(modules.flatMap((ofOne) => ofOne ?? []))].sort();
  const files = names.map((name) => `*/${name.split(/[-_]/).map(quote).join("[-_]")}.ko*`);
  const patterns = ["*pulumi-pci-passthrough*", ...files].join(" | ");
  return `matters() {\n  case $1 in ${patterns}) ;; *) return 1 ;; esac\n}`;
}

/** The regenerations without duplicates. */
export function distinctRegenerations(regenerations: readonly Regeneration[]): readonly Regeneration[] {
  return [...new Map(regenerations.map((regeneration) => [JSON.stringify(regeneration), regeneration])).values()];
}
