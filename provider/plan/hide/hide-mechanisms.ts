import type { HiddenEntry } from "../../claims/claim-entry";
import type { HostFacts } from "../../facts/host-facts";
import type { PciDevice } from "../../facts/pci-devices";
import type { PciAddress } from "../../pci/address";
import type { HideMechanism } from "../hide-mechanism";
import { stubDriverOf } from "../stub-driver";
import type { HideWish } from "../wish";
import { driverOverrideHiding } from "./driver-override";
import { grubHiding } from "./grub";
import { initramfsHiding } from "./initramfs";
import { kernelIdsHiding } from "./kernel-ids";
import { modprobeHiding } from "./modprobe";
import { modprobeConfHiding } from "./modprobe-conf";
import { pcibackConfHiding } from "./pciback-conf";
import { xenCmdlineHiding } from "./xen-cmdline";

/** In order of preference. */
const MECHANISMS: readonly HideMechanism[] = [
  xenCmdlineHiding,
  grubHiding,
  modprobeHiding,
  modprobeConfHiding,
  initramfsHiding,
  pcibackConfHiding,
  driverOverrideHiding,
  kernelIdsHiding,
];

/** The mechanism to hide functions with, or why there is none, in one line. */
export type ChosenMechanism =
  | { readonly kind: "mechanism"; readonly mechanism: HideMechanism }
  | { readonly kind: "none"; readonly reason: string };

/**
 * The mechanism that the program names; else the one the host already uses, else the first that can hide these
 * functions.
 */
export function chooseMechanism(
  facts: HostFacts,
  devices: readonly PciDevice[],
  wish: Pick<HideWish, "mechanism" | "driver">,
): ChosenMechanism {
  const wanted = wish.mechanism;
  const kind = facts.xen ? "xen" : "kvm";
  const customary = MECHANISMS.filter((mechanism) => mechanism.isCustomary?.(facts));
  const ordered = [...customary, ...MECHANISMS.filter((mechanism) => !customary.includes(mechanism))];
  const only = MECHANISMS.find((mechanism) => mechanism.isOnlyWay?.(facts));
  const candidates = (wanted === "auto" && only ? [only] : ordered).filter(({ name, hosts = kind, onlyByName }) =>
    wanted === "auto" ? hosts === kind && !onlyByName : wanted === name,
  );
  const fitting = candidates.filter((mechanism) => mechanism.fits?.(facts) ?? true);
  const reasons = new Map<string, readonly string[]>();
  for (const mechanism of fitting.length > 0 ? fitting : candidates) {
    const reason =
      (mechanism.hosts ?? kind) === kind
        ? mechanism.whyNotHide(facts, devices, stubDriverOf(facts, wish))
        : `the mechanism "${mechanism.name}" is for hosts ${mechanism.hosts === "xen" ? "with Xen" : "with KVM"}, and this one runs ${kind === "xen" ? "on Xen" : "without Xen"}. Name another mechanism, or remove \`mechanism\``;
    if (reason === undefined) return { kind: "mechanism", mechanism };
    reasons.set(reason, [...(reasons.get(reason) ?? []), mechanism.name]);
  }
  const told = [...reasons].map(([reason, names]) => (reasons.size > 1 ? `${names.join(", ")}: ${reason}` : reason));
  return { kind: "none", reason: told.join("; ") };
}

/** The mechanism that wrote a claim entry and can remove it; undefined when this version does not have it. */
export function mechanismOf({ undo }: HiddenEntry): HideMechanism | undefined {
  return MECHANISMS.find(({ hiddenBy }) => hiddenBy === undo.mechanism);
}

/** Whether every future boot hides this function, by any mechanism. */
export function isHidden(facts: HostFacts, address: PciAddress): boolean {
  return MECHANISMS.some((mechanism) => mechanism.isHidden(facts, address));
}
