import { bootDevice } from "./boot-device";
import { bridge } from "./bridge";
import { claimed } from "./claimed";
import { configuredInOtherVm } from "./configured-in-other-vm";
import { consoleDisplay } from "./console-display";
import { consoleInput } from "./console-input";
import { consoleSerial } from "./console-serial";
import type { GuardRule, JudgedChange } from "./guard";
import type { Guard } from "./guard-name";
import { hostNetwork } from "./host-network";
import { identity } from "./identity";
import { inUseByProcess } from "./in-use-by-process";
import { inUseByVm } from "./in-use-by-vm";
import { iommuGroup } from "./iommu-group";
import { mountedStorage } from "./mounted-storage";
import { noIommu } from "./no-iommu";
import { sshRoute } from "./ssh-route";

/** Every guard, by its name. */
const GUARDS = {
  "boot-device": bootDevice,
  "ssh-route": sshRoute,
  "mounted-storage": mountedStorage,
  "host-network": hostNetwork,
  "console-display": consoleDisplay,
  "console-input": consoleInput,
  "console-serial": consoleSerial,
  "in-use-by-vm": inUseByVm,
  "in-use-by-process": inUseByProcess,
  "configured-in-other-vm": configuredInOtherVm,
  claimed,
  bridge,
  "no-iommu": noIommu,
  "iommu-group": iommuGroup,
  identity,
} satisfies Record<Guard, GuardRule>;

/** In the order in which their objections are told. */
const IN_ORDER = Object.keys(GUARDS).filter((name): name is Guard => name in GUARDS);

/** An objection to a plan, with the evidence. */
export interface Judgement {
  /** Undefined when the host cannot do it, whatever the program allows. */
  readonly guard: Guard | undefined;
  /** One or more sentences that say what to do; without the final full stop when there is a guard. */
  readonly evidence: string;
}

/** The objections of all guards to a change. */
export function judge(change: JudgedChange): readonly Judgement[] {
  return IN_ORDER.flatMap((guard) => GUARDS[guard].judge(change).map((evidence) => ({ guard, evidence })));
}
