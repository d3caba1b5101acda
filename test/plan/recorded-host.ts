import fs from "node:fs";
import path from "node:path";
import { type HostFacts, readHostFacts } from "../../provider/facts/host-facts";
import { type PciAddress, type PciTarget, parsePciAddress, parsePciTarget } from "../../provider/pci/address";
import type { PlanContext } from "../../provider/plan/wish";

/** The facts of the real lab host, to be changed for a case. */
export const LAB: HostFacts = readHostFacts(
  fs.readFileSync(path.join(__dirname, "../recorded/debian12-xen4.17/facts.txt"), "latin1"),
);

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
