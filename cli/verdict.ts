import type { DeviceReport } from "../provider/plan/inventory/device-report";

/** Whether a function can be given to a VM. */
export interface Verdict {
  readonly kind: "yes" | "no" | "given";
  /** In few words: `yes, with its group`, `no (ssh-route)`, `given to web1`. */
  readonly text: string;
}

/** The verdict on a function, the same in the table and in the map. */
export function verdictOf({ vms, refusals, assignable, groupMembers = [] }: DeviceReport): Verdict {
  if (vms.length > 0) return { kind: "given", text: `given to ${vms.join(", ")}` };
  if (refusals.length > 0)
    return { kind: "no", text: `no (${[...new Set(refusals.map(({ guard }) => guard ?? "this host"))].join(", ")})` };
  if (assignable) return { kind: "yes", text: "yes, assignable now" };
  return { kind: "yes", text: groupMembers.length > 0 ? "yes, with its group" : "yes" };
}
