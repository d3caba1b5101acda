import type { ResourceKind } from "../claims/claim-key";
import type { PciTarget } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { AttachOptions } from "../vm-text/attach-options";
import type { Declaration } from "./declaration";
import type { ExpectedIdentity } from "./expected-identity";
import type { Guard } from "./guards/guard-name";
import type { HideMechanismName } from "./hide-mechanism-name";
import type { ToolstackName } from "./toolstack-name";
import type { TrialBoot } from "./trial-boot";

/** What a declaration wants on a host; a plan makes it true (`present`) or reverts it (`absent`). */
export type Wish = DeviceWish | IommuWish | RebootWish;

/** What a declaration wants for a device. */
export type DeviceWish = HideWish | AssignWish | AttachWish | VirtualFunctionsWish;

interface DeviceFields {
  /** The toolstack that the program names for the host; detected when undefined. */
  readonly toolstack: ToolstackName | undefined;
  readonly target: PciTarget;
  /** What the functions must be, by position in the order of their addresses; empty when the program does not say. */
  readonly expect: readonly ExpectedIdentity[];
  /** The guards that the program overrides. */
  readonly allow: readonly Guard[];
}

/** A stub driver takes functions at each boot. */
export interface HideWish extends DeviceFields {
  readonly kind: "HiddenPciDevice";
  /** The stub driver that the program names; when undefined, the one that suits the host. */
  readonly driver: StubDriver | undefined;
  readonly mechanism: "auto" | HideMechanismName;
  readonly trialBoot: TrialBoot;
}

/** Functions are on the stub driver now. */
export interface AssignWish extends DeviceFields {
  readonly kind: "AssignableDevice";
  readonly driver: StubDriver | undefined;
  /** Whether all functions of the IOMMU group are assigned too. */
  readonly group: boolean;
}

/** Where a VM gets a device: in its configuration, while it runs, or both. `auto`: both as far as possible now. */
export type AttachScope = "auto" | "config" | "live" | "both";

/** A VM has functions. */
export interface AttachWish extends DeviceFields {
  readonly kind: "VmPciAttachment";
  /** Name, uuid, or the path of a configuration file. */
  readonly vm: string;
  readonly scope: AttachScope;
  readonly options: AttachOptions;
}

/** A physical function has virtual functions, now and after each boot. */
export interface VirtualFunctionsWish extends DeviceFields {
  readonly kind: "SriovVirtualFunctions";
  /** How many virtual functions; 1 or more. */
  readonly count: number;
}

/** The host boots with its IOMMU turned on. */
export interface IommuWish {
  readonly kind: "IommuBootParameters";
  readonly trialBoot: TrialBoot;
}

/** The host is rebooted when needed. */
export interface RebootWish {
  readonly kind: "HostReboot";
  /** Arbitrary values; with `when: "always"`, a change of them asks for another reboot. */
  readonly triggers: readonly string[];
  /**
   * "pending": only when a boot change of this stack needs a reboot. "always": also once for each value of `triggers`.
   * "never": what waits is only told.
   */
  readonly when: "pending" | "always" | "never";
  /** Whether running VMs may go down with the host. */
  readonly allowRunningVms: boolean;
  /** Time in seconds that the host has to come back. */
  readonly timeoutSeconds: number;
  /** How many hosts of the program may be down at once when this one goes down, itself included; 1 or more. */
  readonly maxParallel: number;
  readonly trialBoot: TrialBoot;
}

/** A declaration of the program, as far as it is known. */
export interface DeclaredWish {
  readonly kind: ResourceKind;
  /** The name of the resource in the program. */
  readonly label: string;
  /** Undefined while an input is not known. */
  readonly wish: Wish | undefined;
}

/** The stack and the resource that a wish belongs to. */
export interface Owner {
  readonly project: string;
  readonly stack: string;
  /** The types of the resources that it is in, as in its URN; empty where it is in none. */
  readonly parents: string;
  /** The name of the resource in the program. */
  readonly label: string;
  /**
   * The token in the resource's state; a new one for a new resource. Undefined in check, which is not told the state.
   */
  readonly token: string | undefined;
  /** Whether the state has the resource: then a claim with another token is that of another state. */
  readonly isDeployed: boolean;
}

/** A stack that there is none of: what other stacks manage is said to be theirs. */
export const NOBODY: Owner = { project: "", stack: "", parents: "", label: "", token: undefined, isDeployed: false };

/** What a planner needs besides the facts and the wish. */
export interface PlanContext {
  readonly owner: Owner;
  readonly program: readonly Declaration[];
}
