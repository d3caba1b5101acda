import type { StepType } from "./step-type";

/** The module pciback, Xen's stub driver, is loaded. It stays loaded, which does no harm. */
export interface LoadPciback {
  readonly kind: "load-pciback";
}

/** Loads pciback; fails when the module loads but its driver does not register. */
export const loadPciback: StepType<LoadPciback> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["functions"],
  rewrites: () => [],
  after: (facts) => ({ ...facts, pciback: { ...facts.pciback, registered: true } }),
  assumes: () => [],
  perform: () => "load_pciback",
  undo: () => ":",
  functions: `
load_pciback() {
  [ -d /sys/bus/pci/drivers/pciback ] || limited 120 modprobe xen-pciback || limited 120 modprobe pciback || return 1
  [ -d /sys/bus/pci/drivers/pciback ] && return
  echo "xen-pciback is loaded, but its driver did not register"
  return 1
}`,
  describe: () => "load xen-pciback",
};
