/**
 * What a boot on trial has on a host: GRUB boots a new entry once, and from then on the old one, until a confirmation
 * takes all of this away again.
 */
import type { GrubEntryText } from "./grub-entry";

/** GRUB's folder on the hosts that can go back by themselves: Debian's and Ubuntu's. */
export const GRUB_FOLDER = "/boot/grub";

/** What grub.cfg reads at each boot, where it is there (grub 2.06, util/grub.d/41_custom.in). */
export const CUSTOM_CONFIG = `${GRUB_FOLDER}/custom.cfg`;

/** The environment block of ours: `pci_passthrough_trial` is `once` before the new entry is booted, then `old`. */
export const TRIAL_ENVIRONMENT = `${GRUB_FOLDER}/pci-passthrough.env`;

/** The old entry, until it is part of custom.cfg. */
export const OLD_ENTRY = `${GRUB_FOLDER}/pci-passthrough-old.cfg`;

/** How the names of the old initramfs begin: hard links beside the ones that are rebuilt. */
export const OLD_IMAGE = "pci-passthrough-old-";

/** The unit that reboots a host that nobody reaches. */
export const TRIAL_UNIT = "/etc/systemd/system/pci-passthrough-trial.service";

/** Ends that unit. It is in memory, since /boot may not be mounted yet when the unit starts. */
export const BOOT_CONFIRMED = "/run/pci-passthrough-boot-confirmed";

/**
 * An argument of the kernel that says which entry was booted. It has a dot, so that the kernel does not hand it to init
 * (linux, init/main.c, unknown_bootoption).
 */
export const TRIAL_ARGUMENT = { new: "pci-passthrough.trial=new", old: "pci-passthrough.trial=old" } as const;

/** The kernel and the initramfs of Debian reboot after a failure with it. */
export const PANIC_ARGUMENT = "panic=10";

/** The environment block has 1024 bytes (grub 2.06, util/grub-editenv.c). `value`: none when undefined. */
export function environmentBlock(value: "once" | undefined): string {
  const variable = value === undefined ? "" : `pci_passthrough_trial=${value}\n`;
  return `# GRUB Environment Block\n${variable}`.padEnd(1024, "#");
}

/** The entry as it is booted again after a trial that failed: with the initramfs that it has now. */
export function oldEntryText({ title, body, images }: GrubEntryText): string {
  const withImages = images.reduce((text, image) => text.replaceAll(image, oldImage(image)), body);
  let kernels = 0;
  const lines = withImages.split("\n").map((line) => {
    const isKernel = /^\s*linux(?:16|efi)?\s/.test(line) || (/^\s*module2?\s+(?!--)/.test(line) && kernels++ === 0);
    return isKernel ? `${line.trimEnd()} ${TRIAL_ARGUMENT.old}` : line;
  });
  return `menuentry '${title}, before the trial' --id pci-passthrough-old {\n${lines.join("\n")}}\n`;
}

/** `/boot/initrd.img-6.1` -> `/boot/pci-passthrough-old-initrd.img-6.1` */
function oldImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return `${image.slice(0, -name.length)}${OLD_IMAGE}${name}`;
}

const BEGIN = "### BEGIN pulumi-pci-passthrough: a boot on trial ###";
const END = "### END pulumi-pci-passthrough ###";

/** Our section of custom.cfg, which stands last there, around the two entries. */
export const TRIAL_SECTION = {
  begin: BEGIN,
  end: END,
  // GRUB 2.06 on Debian sets config_directory; without it the folder is $prefix, as in 41_custom.
  head: `${BEGIN}
set pci_passthrough_env="\${config_directory}/pci-passthrough.env"
if [ -z "\${config_directory}" ]; then
  set pci_passthrough_env="$prefix/pci-passthrough.env"
fi
if [ -s "$pci_passthrough_env" ]; then
  load_env -f "$pci_passthrough_env"
fi
`,
  // boot_once keeps savedefault of the entries from saving their ids.
  tail: `if [ "$pci_passthrough_trial" = once ]; then
  set pci_passthrough_trial=old
  set boot_once=true
  if save_env -f "$pci_passthrough_env" pci_passthrough_trial; then
    set default=pci-passthrough-new
  else
    set default=pci-passthrough-old
  fi
elif [ "$pci_passthrough_trial" = old ]; then
  set boot_once=true
  set default=pci-passthrough-old
fi
${END}
`,
} as const;

/** The title in grub.cfg of the entry that custom.cfg has on trial; undefined where it has none. */
export function titleOnTrial(custom: string): string | undefined {
  return /^menuentry '(.*), on trial' --id pci-passthrough-new /m.exec(custom)?.[1];
}

/** A custom.cfg without our section; undefined where nothing else is in it. */
export function withoutTrialSection(text: string): string | undefined {
  const begin = text.indexOf(BEGIN);
  if (begin < 0) return text;
  const end = text.indexOf(`${END}\n`, begin);
  const rest = text.slice(0, begin) + (end < 0 ? "" : text.slice(end + END.length + 1));
  return rest === "" ? undefined : rest;
}

/**
 * The unit that reboots a trial that nobody confirms within so many seconds of its boot. It waits by the uptime, since the
 * clock may be set meanwhile, and goes on in emergency mode (IgnoreOnIsolate).
 */
export function trialUnitText(seconds: number): string {
  const late = `<2>pulumi-pci-passthrough: the boot was not confirmed within ${seconds} s, the host goes back to the old one`;
  return `[Unit]
Description=Goes back to the boot before the trial unless it is confirmed
ConditionKernelCommandLine=${TRIAL_ARGUMENT.new}
DefaultDependencies=no
IgnoreOnIsolate=yes

[Service]
OOMScoreAdjust=-1000
ExecStart=/bin/sh -c 'until [ -e ${BOOT_CONFIRMED} ]; do read -r up idle < /proc/uptime; if [ "$\${up%%%%.*}" -ge ${seconds} ]; then echo "${late}" > /dev/kmsg; systemctl --no-block reboot; sleep 120; echo b > /proc/sysrq-trigger; fi; sleep 5; done'

[Install]
WantedBy=sysinit.target
`;
}
