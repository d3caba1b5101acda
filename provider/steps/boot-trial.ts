import {
  BOOT_CONFIRMED,
  CUSTOM_CONFIG,
  environmentBlock,
  GRUB_FOLDER,
  OLD_ENTRY,
  OLD_IMAGE,
  oldEntryText,
  PANIC_ARGUMENT,
  TRIAL_ARGUMENT,
  TRIAL_ENVIRONMENT,
  TRIAL_SECTION,
  TRIAL_UNIT,
  trialUnitText,
  withoutTrialSection,
} from "../boot/boot-trial-files";
import type { GrubEntryText } from "../boot/grub-entry";
import type { TextFile } from "../boot/text-file";
import { withFile } from "../facts/files";
import { quote } from "../shell";
import type { StepType } from "./step-type";
import { expectText } from "./text-shell";

/** What the host boots with now is kept beside what the next steps make: its entry, and its initramfs. */
export interface HoldBoot {
  readonly kind: "hold-boot";
  readonly config: Pick<TextFile, "target" | "text">;
  readonly entry: GrubEntryText;
  /** What an earlier trial left in the file of its variable, if anything; `held`: a change before this one has looked. */
  readonly environment: { readonly text: string | undefined } | "held";
}

const WANTS = "/etc/systemd/system/sysinit.target.wants";
const WANTED_LINK = `${WANTS}/${TRIAL_UNIT.slice(TRIAL_UNIT.lastIndexOf("/") + 1)}`;

/**
 * Keeps the old boot, as often as it is told to. Only what is rebuilt after the steps arms the trial (`arm_boot_trial`);
 * to the plans that follow the host is armed already.
 */
export const holdBoot: StepType<HoldBoot> = {
  // The step that edits the sources says which functions the host loses.
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["files"],
  rewrites: () => [],
  after: (facts) => ({ ...facts, files: withFile(facts.files, TRIAL_ENVIRONMENT, environmentBlock("once")) }),
  assumes: ({ config, environment }) => [
    expectText(config.target, config.text),
    ...(environment === "held" ? [] : [expectText(TRIAL_ENVIRONMENT, environment.text)]),
  ],
  perform({ entry }) {
    const images = entry.images.map((image) => quote(image.slice(image.lastIndexOf("/") + 1)));
    return `hold_boot ${quote(oldEntryText(entry))} ${images.join(" ")}`;
  },
  undo: () => "release_boot",
  functions: `
# The old entry, the files of its initramfs in /boot. An old one that is there already is that of a run that was cut off.
hold_boot() {
  old_entry=$1
  shift
  for image in "$@"; do
    [ -e "/boot/${OLD_IMAGE}$image" ] || ln "/boot/$image" "/boot/${OLD_IMAGE}$image" || return
  done
  sync_folder /boot && put_text ${OLD_ENTRY} "$old_entry"
}
# Title. Prints that entry of grub.cfg, as it is booted on trial.
new_entry() {
  title=$1 awk '
    !inside && index($0, "menuentry \\047" ENVIRON["title"] "\\047") == 1 {
      inside = 1
      print "menuentry \\047" ENVIRON["title"] ", on trial\\047 --id pci-passthrough-new {"
      next
    }
    !inside { next }
    /^[ \\t]*linux(16|efi)?[ \\t]/ || (/^[ \\t]*module2?[ \\t]+[^ \\t-]/ && !kernels++) {
      sub(/[ \\t]*$/, " ${PANIC_ARGUMENT} ${TRIAL_ARGUMENT.new}")
    }
    { print }
    /^}/ { exit }' ${GRUB_FOLDER}/grub.cfg
}
# custom.cfg without our section.
rest_of_custom() {
  [ ! -e ${CUSTOM_CONFIG} ] || sed '/^${TRIAL_SECTION.begin}$/,/^${TRIAL_SECTION.end}$/d' ${CUSTOM_CONFIG}
}
# A variable or "", how many bytes are left of the block. In place: GRUB does not replay the journal of ext4 (grub 2.06,
# grub-core/fs/ext2.c, EXT2_DRIVER_IGNORED_INCOMPAT), and grub-editenv empties the file first.
write_trial() {
  { echo '# GRUB Environment Block'; [ -z "$1" ] || echo "$1"; printf "%0$2d" 0 | tr 0 '#'; } |
    dd of=${TRIAL_ENVIRONMENT} conv=notrunc,fsync 2> /dev/null &&
    [ "$(wc -c < ${TRIAL_ENVIRONMENT})" -eq 1024 ] && return
  echo 'cannot write ${TRIAL_ENVIRONMENT}'
  return 1
}
# Puts the next boot on trial, if the old one is held. The variable comes last: without it nothing of the rest counts.
arm_boot_trial() {
  remade=
  [ -s ${OLD_ENTRY} ] || return 0
  entry=$(new_entry "$boot_title")
  if [ -z "$entry" ]; then
    echo "${GRUB_FOLDER}/grub.cfg has no entry \\"$boot_title\\" any more"
    return 1
  fi
  fresh=${CUSTOM_CONFIG}.pci-passthrough-new
  { rest_of_custom && printf %s "$trial_head" && printf '%s\\n' "$entry" && cat ${OLD_ENTRY} && printf %s "$trial_tail"; } > "$fresh" || return
  check=$(command -v grub-script-check)
  if [ -n "$check" ] && ! "$check" "$fresh"; then
    rm -f "$fresh"
    echo "GRUB cannot read the entries of a boot on trial; ${CUSTOM_CONFIG} was left unchanged"
    return 1
  fi
  replace_file ${CUSTOM_CONFIG} < "$fresh" && rm -f "$fresh" &&
    put_text ${TRIAL_UNIT} "$trial_unit" && mkdir -p ${WANTS} && ln -sf ${TRIAL_UNIT} ${WANTED_LINK} && sync_folder ${WANTS} &&
    write_trial pci_passthrough_trial=once 972 && sync_folder ${GRUB_FOLDER}
}
# Takes everything of a trial away. The variable goes first: without it GRUB boots its own default.
drop_boot_trial() {
  [ ! -e ${TRIAL_ENVIRONMENT} ] || write_trial '' 999 || return
  if [ -e ${CUSTOM_CONFIG} ] && grep -q '^${TRIAL_SECTION.begin}$' ${CUSTOM_CONFIG}; then
    rest=$(rest_of_custom && echo .) || return
    if [ "$rest" = . ]; then remove_file ${CUSTOM_CONFIG}; else put_text ${CUSTOM_CONFIG} "\${rest%.}"; fi || return
  fi
  rm -f ${WANTED_LINK} ${TRIAL_UNIT} ${TRIAL_ENVIRONMENT} ${OLD_ENTRY} ${CUSTOM_CONFIG}.pci-passthrough-new \\
    /boot/${OLD_IMAGE}* || return
  [ ! -d ${WANTS} ] || sync_folder ${WANTS} && rmdir ${WANTS} 2> /dev/null
  sync_folder ${TRIAL_UNIT.slice(0, TRIAL_UNIT.lastIndexOf("/"))} && sync_folder ${GRUB_FOLDER} && sync_folder /boot
}
# Lets go of the old boot, unless another group of this apply still holds it (hold_groups).
release_boot() {
  for group in $hold_groups; do
    eval "steps=\\\${done_$group:-}"
    [ -z "$steps" ] || return 0
  done
  drop_boot_trial
}
end_boot_trial() {
  remade=
  drop_boot_trial
}
# Of a login from outside, after the boot on trial: the host keeps it.
confirm_boot() {
  if ! grep -q -E '(^| )${TRIAL_ARGUMENT.new}( |$)' /proc/cmdline; then
    echo 'the host does not run the boot on trial'
    return 1
  fi
  true > ${BOOT_CONFIRMED} && drop_boot_trial
}`,
  describe: () => "keep the old boot entry and initramfs",
};

/** The boot that the host runs, which is on trial, becomes the one that it boots from now on. */
export interface ConfirmBoot {
  readonly kind: "confirm-boot";
}

/** Confirms a boot. */
export const confirmBoot: StepType<ConfirmBoot> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["files"],
  rewrites: () => [],
  after(facts) {
    const custom = facts.files.byPath.get(CUSTOM_CONFIG);
    const files = withFile(facts.files, TRIAL_ENVIRONMENT, undefined);
    return {
      ...facts,
      files: custom ? withFile(files, custom.target, withoutTrialSection(custom.text)) : files,
    };
  },
  assumes: () => [],
  perform: () => "confirm_boot",
  // The host was reached, whatever else fails in the same apply.
  undo: () => ":",
  functions: "",
  describe: () => "confirm the boot on trial",
};

/** What `arm_boot_trial` needs, as assignments. */
export function bootTrialSettings({ title, seconds }: { readonly title: string; readonly seconds: number }): string {
  return [
    `boot_title=${quote(title)}`,
    `trial_head=${quote(TRIAL_SECTION.head)}`,
    `trial_tail=${quote(TRIAL_SECTION.tail)}`,
    `trial_unit=${quote(trialUnitText(seconds))}`,
  ].join("\n");
}
