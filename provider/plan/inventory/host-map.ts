import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { isBridge } from "../../facts/pci-devices";
import { type PciAddress, type PciTarget, targets } from "../../pci/address";
import { printable } from "../../printable";
import { simulate } from "../../steps/steps";
import type { HostInput } from "../inputs/host-input";
import type { Bag } from "../kind";
import { afterReboot } from "../kinds/after-reboot";
import { KINDS, planAbsent, planPresent } from "../kinds/kinds";
import { RANKS } from "../kinds/ranks";
import type { Plan } from "../plan";
import type { Owner, Wish } from "../wish";
import { type DeviceReport, deviceReports } from "./device-report";
import { devicesByAddress } from "./pci-device-info";
import { type VmReport, vmReports } from "./vm-report";

/** A host at one time. */
export interface MapState {
  readonly title: "now" | "after up" | "after the reboot" | "after destroy";
  readonly functions: readonly MapFunction[];
  readonly vms: readonly VmReport[];
}

/** A function, where it is in the PCI tree, and what makes it other than it is now. */
export interface MapFunction extends DeviceReport {
  /** The bridges above it, root port first. */
  readonly bridges: readonly PciAddress[];
  readonly isBridge: boolean;
  /** The lines of preview about it; empty for the state `now`. */
  readonly changes: readonly string[];
}

/** A resource of a stack, as its state has it. */
export interface DeployedResource {
  readonly kind: ResourceKind;
  /** Its inputs; how to log in to the host is taken from elsewhere. */
  readonly inputs: Bag;
  readonly owner: Owner;
}

/**
 * A host now and after its next reboot; with the resources of a stack also after its `up`, which puts right what is no
 * longer as declared, and after its `destroy`. The reboot is then the one after the `up`.
 */
export function hostStates(
  facts: HostFacts,
  host: HostInput,
  stack: readonly DeployedResource[] | undefined,
): readonly MapState[] {
  const state = (title: MapState["title"], then: HostFacts, lines: readonly Line[] = []): MapState => ({
    title,
    functions: functionsOf(then, facts, host, lines),
    vms: vmReports(then),
  });
  const now = state("now", facts);
  if (!stack) return [now, state("after the reboot", afterReboot(facts))];
  const wishes = stack.map(({ kind, inputs, owner }) => ({ wish: KINDS[kind].wish({ ...inputs, host }), owner }));
  const up = carryOut(facts, wishes.filter(({ wish }) => wish.kind !== "HostReboot").sort(byRank), planPresent);
  const gone = carryOut(facts, [...wishes].sort(byRank).reverse(), planAbsent);
  return [
    now,
    state("after up", up.facts, up.lines),
    state("after the reboot", afterReboot(up.facts)),
    state("after destroy", gone.facts, gone.lines),
  ];
}

interface Owned {
  readonly wish: Wish;
  readonly owner: Owner;
}

function byRank(a: Owned, b: Owned): number {
  return RANKS[a.wish.kind] - RANKS[b.wish.kind];
}

/** One after the other; what is refused changes nothing, and says so. */
function carryOut(
  facts: HostFacts,
  wishes: readonly Owned[],
  plan: (facts: HostFacts, wish: Wish, context: { owner: Owner; program: [] }) => Plan,
): { readonly facts: HostFacts; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  let now = facts;
  for (const { wish, owner } of wishes) {
    const { steps, effects, refusals } = plan(now, wish, { owner, program: [] });
    if (refusals.length === 0) now = simulate(now, steps);
    const told =
      refusals.length > 0 ? refusals.map(({ message }) => `refused: ${message}`) : effects.map(({ text }) => text);
    if (refusals.length > 0 || steps.length > 0)
      lines.push(
        ...told.map((text) => ({ text: printable(text), target: "target" in wish ? wish.target : undefined })),
      );
  }
  return { facts: now, lines };
}

/** A line of preview, and what it is about where it names no function itself. */
interface Line {
  readonly text: string;
  readonly target: PciTarget | undefined;
}

function isAbout({ text, target }: Line, address: PciAddress): boolean {
  if (/\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b/.test(text)) return text.includes(address);
  return target !== undefined && targets(target, address);
}

/** What hangs from a function now is there with the driver that it has now, and with no other. */
function functionsOf(
  facts: HostFacts,
  now: HostFacts,
  host: HostInput,
  lines: readonly Line[],
): readonly MapFunction[] {
  const devices = new Map(devicesByAddress(facts).map((device) => [String(device.address), device]));
  return deviceReports(facts, host).flatMap((report) => {
    const device = devices.get(report.address);
    if (!device) return [];
    const changes = lines.filter((line) => isAbout(line, device.address)).map(({ text }) => text);
    const uses = now.pciDevices.get(device.address)?.driver === device.driver ? report.uses : [];
    return [{ ...report, uses, bridges: device.bridges, isBridge: isBridge(device), changes }];
  });
}
