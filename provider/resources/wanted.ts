import { z } from "zod";
import { HostInput } from "../plan/inputs/host-input";
import type { Owner, Wish } from "../plan/wish";
import type { Call } from "./call";
import type { ManagedHost } from "./managed-host";
import type { Urn } from "./urn";

/** The part of a host that resources use. */
export type Managed = Pick<ManagedHost, "name" | "facts" | "warnOnce" | "apply">;

/** Gives the host of an input: equal logins share one. */
export type HostFor = (host: HostInput) => Managed;

/** The inputs that all kinds have. */
export const CommonInputs = z.object({ host: HostInput });
/** The same, checked. */
export type CommonInputs = z.infer<typeof CommonInputs>;

/** What a resource wants of a host, read from its inputs or its state. */
export interface Wanted {
  readonly inputs: CommonInputs;
  readonly urn: Urn;
  readonly host: Managed;
  readonly wish: Wish;
  /** How the VM is named by the program, and by the key of a resource in the state. */
  readonly vms: readonly (string | undefined)[];
  readonly signal: AbortSignal | undefined;
}

/** A wish with the resource and the host that it is for. */
export function wantedOf({ urn, signal }: Call, inputs: CommonInputs, wish: Wish, hostFor: HostFor): Wanted {
  return { inputs, urn, host: hostFor(inputs.host), wish, vms: [vmOf(wish)], signal };
}

/** What the state tells of a resource, and whether it has it at all. */
export type InState = Pick<Owner, "token" | "isDeployed">;

/** The owner of what a resource makes. */
export function ownerOf({ project, stack, parents, name }: Urn, { token, isDeployed }: InState): Owner {
  return { project, stack, parents, label: name, token, isDeployed };
}

/** What the program calls a VM; may be a file, which the facts then have to include. */
export function vmOf(wish: Wish): string | undefined {
  return "vm" in wish ? wish.vm : undefined;
}
