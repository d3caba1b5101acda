import type { Domain } from "../../../facts/domains";
import type { HostFacts } from "../../../facts/host-facts";
import type { PciDevice } from "../../../facts/pci-devices";
import { targets } from "../../../pci/address";
import type { Step } from "../../../steps/step";
import type { Refusal } from "../../plan";
import type { AttachWish, PlanContext } from "../../wish";
import type { FileToolstack } from "./file-toolstack";
import type { Vm } from "./find-vm";

/** The part of a plan that changes the running VM. */
export interface HotPlugPlan {
  readonly steps: readonly Step[];
  readonly effects: readonly string[];
  readonly refusals: readonly Refusal[];
}

const NOTHING: HotPlugPlan = { steps: [], effects: [], refusals: [] };

/** In: a VM and functions that it should have. Out: the hot-plug, or why it is not possible or not possible yet. */
export function planHotPlug(
  tools: FileToolstack,
  facts: HostFacts,
  wish: AttachWish,
  vm: Vm,
  devices: readonly PciDevice[],
  program: PlanContext["program"],
): HotPlugPlan {
  const { domain } = vm;
  if (!domain || wish.scope === "config") return NOTHING;
  const missing = devices.filter((device) => !domain.pciDevices.some((one) => one.address === device.address));
  if (missing.length === 0) return NOTHING;
  const unable = tools.cannotHotPlug(facts, domain, vm.config?.parsed.type);
  const hinder = hindrance(domain, missing, unable);
  if (hinder !== undefined) {
    const maker = program.find(
      (other) => other.kind === "AssignableDevice" && missing.every((device) => targets(other.target, device.address)),
    );
    if (maker && unable === undefined && !domain.paused) {
      return { ...NOTHING, effects: [`the hot-plug into the running VM "${vm.name}" waits for "${maker.label}"`] };
    }
    if (wish.scope === "auto") {
      return { ...NOTHING, effects: [`the running VM "${vm.name}" gets it at its next start: ${hinder}`] };
    }
    return { ...NOTHING, refusals: [{ guard: undefined, message: hinder }] };
  }
  return {
    steps: missing.map((device) => ({
      kind: "attach",
      by: tools.name,
      vm: { domainId: domain.id, name: domain.name },
      address: device.address,
      options: tools.fileOptions(wish.options),
    })),
    effects: missing.map((device) => `${device.address} is hot-plugged into the running VM "${vm.name}"`),
    refusals: [],
  };
}

/** Why the host cannot hot-plug these functions now. */
function hindrance(domain: Domain, devices: readonly PciDevice[], unable: string | undefined): string | undefined {
  if (domain.paused) return `the VM "${domain.name}" is paused`;
  if (unable !== undefined) return unable;
  const held = devices.find((device) => device.driver !== "pciback");
  return (
    held &&
    `${held.address} is not assignable (its driver is ${held.driver ?? "none"}, not pciback). Declare an AssignableDevice for it`
  );
}
