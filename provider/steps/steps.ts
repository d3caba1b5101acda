import type { Subject } from "../facts/answers";
import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { setBootScript } from "./boot-script";
import { confirmBoot, holdBoot } from "./boot-trial";
import { dropClaim, noteRemoval, writeClaim } from "./claim";
import { makeAssignable, releaseDevice } from "./driver";
import { editFile } from "./file";
import { finishRun } from "./finish-run";
import { attach, detach } from "./hot-plug";
import { loadPciback } from "./load-pciback";
import { setSelinuxBoolean } from "./selinux";
import { SHARED_FUNCTIONS } from "./shared-functions";
import type { Given, StepType, Taken } from "./step-type";
import { virshAttach, virshDetach } from "./virsh";
import { setVirtualFunctions } from "./virtual-functions";
import { editVmFile } from "./vm-file";
import { setVmPci } from "./xapi";
import { setDom0Argument, setXenArgument } from "./xen-cmdline";

/** Every type of step, by its kind. */
const STEP_TYPES = {
  "load-pciback": loadPciback,
  "make-assignable": makeAssignable,
  release: releaseDevice,
  "edit-file": editFile,
  "edit-vm-file": editVmFile,
  "boot-script": setBootScript,
  "hold-boot": holdBoot,
  "confirm-boot": confirmBoot,
  "set-dom0-argument": setDom0Argument,
  "set-xen-argument": setXenArgument,
  "set-vm-pci": setVmPci,
  attach,
  detach,
  "virsh-attach": virshAttach,
  "virsh-detach": virshDetach,
  "set-selinux-boolean": setSelinuxBoolean,
  "write-claim": writeClaim,
  "drop-claim": dropClaim,
  "note-removal": noteRemoval,
  "finish-run": finishRun,
  "set-virtual-functions": setVirtualFunctions,
};

type StepKind = keyof typeof STEP_TYPES;
type Fields = { readonly [K in StepKind]: (typeof STEP_TYPES)[K] extends StepType<infer S> ? S : never };
/** The same table, typed so that the compiler knows which step belongs to which type. */
const TYPES: { readonly [K in StepKind]: StepType<Fields[K]> } = STEP_TYPES;

/**
 * One change to a host, as data. A step carries what it assumes about the host (`from`, `before`): the apply checks
 * that again under its lock, and does nothing when it no longer holds.
 */
export type Step<K extends StepKind = StepKind> = { [P in K]: { readonly kind: P } & Fields[P] }[K];

/** The functions that the host loses through a step. */
export function takenBy<K extends StepKind>(step: Step<K>): readonly Taken[] {
  return TYPES[step.kind].takes(step);
}

/** The functions whose driver a step changes now. */
export function movedBy<K extends StepKind>(step: Step<K>): readonly PciAddress[] {
  return TYPES[step.kind].moves(step);
}

/** The functions that a VM gets through a step. */
export function givenBy<K extends StepKind>(step: Step<K>): readonly Given[] {
  return TYPES[step.kind].gives(step);
}

/** What of the host a step and its undo change. */
export function changedBy<K extends StepKind>(step: Step<K>): readonly Subject[] {
  return TYPES[step.kind].changes;
}

/** The files whose old text the undo of a step writes. */
export function rewrittenBy<K extends StepKind>(step: Step<K>): readonly string[] {
  return TYPES[step.kind].rewrites(step);
}

/** The facts after these steps: what the next plan of the same apply starts from. */
export function simulate(facts: HostFacts, steps: readonly Step[]): HostFacts {
  return steps.reduce((now, step) => afterStep(now, step), facts);
}

function afterStep<K extends StepKind>(facts: HostFacts, step: Step<K>): HostFacts {
  return TYPES[step.kind].after(facts, step);
}

/** One step as shell: commands that check its assumptions, and what performs and undoes it, of one or more lines. */
export interface StepShell {
  readonly assumes: readonly string[];
  readonly perform: string;
  readonly undo: string;
}

/** The shell of a step. */
export function stepShell<K extends StepKind>(step: Step<K>): StepShell {
  const type = TYPES[step.kind];
  return { assumes: type.assumes(step), perform: type.perform(step), undo: type.undo(step) };
}

/** A step for people, in the infinitive: `bind 0000:01:00.0 to pciback`. */
export function describeStep<K extends StepKind>(step: Step<K>): string {
  return TYPES[step.kind].describe(step);
}

/** The shell functions of all types of step; a script includes those that it calls. */
export const STEP_FUNCTIONS = [
  ...new Set([SHARED_FUNCTIONS, ...Object.values(TYPES).map((type) => type.functions)]),
].join("\n");
