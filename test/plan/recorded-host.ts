import { type PciAddress, type PciTarget, parsePciAddress, parsePciTarget } from "../../provider/pci/address";
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
  return { owner: { project: "test", stack, label, token }, program: [] };
}
