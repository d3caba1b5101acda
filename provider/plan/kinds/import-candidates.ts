import type { ResourceKind } from "../../claims/claim-key";
import type { HostFacts } from "../../facts/host-facts";
import { STUB_DRIVERS } from "../../pci/stub-driver";
import { HIDE_MECHANISM_NAMES } from "../hide-mechanism-name";
import type { HostInput } from "../inputs/host-input";
import type { Bag } from "../kind";
import type { Plan } from "../plan";
import type { Owner, Wish } from "../wish";
import { KINDS, planPresent, statusOfWish } from "./kinds";

/** What an import names. */
export interface ImportSubject {
  readonly kind: ResourceKind;
  /** As a person writes it; undefined where the kind is about the host as a whole. */
  readonly device: string | undefined;
  readonly vm: string | undefined;
}

/**
 * The inputs by which a program can declare what is on a host already, the plainest first: without `host`, and without
 * what follows from the host itself.
 */
function importCandidates({ kind, device, vm }: ImportSubject, facts: HostFacts, host: HostInput): readonly Bag[] {
  switch (kind) {
    case "HiddenPciDevice":
      return [
        { device },
        ...HIDE_MECHANISM_NAMES.map((mechanism) => ({ device, mechanism })),
        ...STUB_DRIVERS.map((driver) => ({ device, driver })),
      ];
    case "AssignableDevice":
      return [{ device }, ...STUB_DRIVERS.map((driver) => ({ device, driver }))];
    case "VmPciAttachment":
      return [
        { device, vm },
        { device, vm, scope: "config" },
        { device, vm, scope: "live" },
      ];
    case "SriovVirtualFunctions": {
      const { addresses } = statusOfWish(facts, KINDS[kind].wish({ host, device, count: 1 }), "");
      return [{ device, count: Math.max(1, addresses.length) }];
    }
    case "IommuBootParameters":
      return [{}];
    case "HostReboot":
      return [{}, { when: "never" }];
  }
}

/** A way to declare what is on a host, and what it would change there. */
export interface ImportAttempt {
  readonly inputs: Bag;
  readonly wish: Wish;
  readonly plan: Plan;
}

/** Every way to declare a subject, with its plan, the plainest first. */
export function tryImport(
  subject: ImportSubject,
  facts: HostFacts,
  host: HostInput,
  owner: Owner,
): readonly ImportAttempt[] {
  return importCandidates(subject, facts, host).map((inputs) => {
    const wish = KINDS[subject.kind].wish({ host, ...inputs });
    return { inputs, wish, plan: planPresent(facts, wish, { owner, program: [] }) };
  });
}

/** Whether the host has it so already. */
export function isThere({ plan }: ImportAttempt): boolean {
  return plan.refusals.length === 0 && changesOnlyClaims(plan);
}

/** Whether a plan leaves the host as it is, but for noting whose it is. */
export function changesOnlyClaims({ steps, regenerate, reboot }: Plan): boolean {
  return steps.every(({ kind }) => kind === "write-claim") && regenerate.length === 0 && reboot === undefined;
}
