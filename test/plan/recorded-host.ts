import type { Domain, Domains } from "../../provider/facts/domains";
import { type PciAddress, type PciTarget, parsePciAddress, parsePciTarget } from "../../provider/pci/address";
import type { TrialBoot } from "../../provider/plan/trial-boot";
import type { PlanContext } from "../../provider/plan/wish";
import { recordedFacts } from "../recorded/recorded-facts";

/** The facts of the real lab host, to be changed for a case. */
export const LAB = recordedFacts("debian12-xen4.17");

export function address(text: string): PciAddress {
  const parsed = parsePciAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

export function target(text: string): PciTarget {
  const parsed = parsePciTarget(text);
  if (!parsed) throw new Error(`${text} is no target`);
  return parsed;
}

export function ownedBy(stack: string, token: string, label = "nic"): PlanContext {
  return { owner: { project: "test", stack, parents: "", label, token, isDeployed: false }, program: [] };
}

/** The lab host's VM "pv1" as it runs, ready for hot-plug and without any device. */
export const PV1: Domain = {
  id: 1,
  name: "pv1",
  uuid: "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f",
  paused: false,
  startedForDevices: true,
  pciDevices: [],
  disks: [],
};

/** A host on which these domains run, and no others. */
export function listed(...domains: readonly Domain[]): Domains {
  return { kind: "listed", domains };
}

/** A host whose `xl list` fails. */
export const UNLISTED: Domains = {
  kind: "unlisted",
  reason: '"xl list" failed three times, so the running VMs are unknown. Run "xl list" on the host to see why',
};

/** How boot changes are put on trial unless the program says otherwise. */
export const TRIAL_BOOT: TrialBoot = { mode: "auto", seconds: 600 };
