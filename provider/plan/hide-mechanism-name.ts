/**
 * What the input `mechanism` of HiddenPciDevice takes, besides "auto". States contain these names, so they never
 * change.
 */
export const HIDE_MECHANISM_NAMES = [
  "xen-cmdline",
  "grub",
  "modprobe",
  "initramfs",
  "pciback-conf",
  "driver-override",
  "kernel-ids",
] as const;
/** The name of a hide mechanism, as programs and states have it. */
export type HideMechanismName = (typeof HIDE_MECHANISM_NAMES)[number];
