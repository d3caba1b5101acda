import type { ResourceKind } from "../claims/claim-key";
import type { PciTarget } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { AttachOptions } from "../vm-text/attach-options";
import type { Guard } from "./guard";
import type { HideMechanismName } from "./hide-mechanism";
import type { Toolstack } from "./toolstack";

/** What a declaration wants of a host; a plan makes it true (`present`) or takes it back (`absent`). */
export type Wish = DeviceWish | IommuWish | RebootWish;

/** What a declaration wants of a device. */
export type DeviceWish = HideWish | AssignWish | AttachWish | VirtualFunctionsWish;

interface OfDevice {
  /** The toolstack that the program names for the host; found out when it names none. */
  readonly toolstack: Toolstack | undefined;
  readonly target: PciTarget;
  /** What the functions must be, one for all or one for each; empty when the program does not say. */
  readonly expect: readonly ExpectedIdentity[];
  readonly allow: readonly Guard[];
}

export interface ExpectedIdentity {
  readonly id?: string | undefined;
  readonly subsystem?: string | undefined;
}

export interface HideWish extends OfDevice {
  readonly kind: "HiddenPciDevice";
  /** The stub driver that the program names; that of the host's kind when it names none. */
  readonly driver: StubDriver | undefined;
  readonly mechanism: "auto" | HideMechanismName;
}

export interface AssignWish extends OfDevice {
  readonly kind: "AssignableDevice";
  readonly driver: StubDriver | undefined;
  /** Whether the whole IOMMU group goes along. */
  readonly group: boolean;
}

export type AttachScope = "auto" | "config" | "live" | "both";

export interface AttachWish extends OfDevice {
  readonly kind: "VmPciAttachment";
  /** Name, uuid, or the path of a configuration file. */
  readonly vm: string;
  readonly scope: AttachScope;
  readonly options: AttachOptions;
}

export interface VirtualFunctionsWish extends OfDevice {
  readonly kind: "SriovVirtualFunctions";
  /** How many, from 1. */
  readonly count: number;
}

export interface IommuWish {
  readonly kind: "IommuBootParameters";
}

export interface RebootWish {
  readonly kind: "HostReboot";
  /** What the program reboots for; another value asks for another reboot where `when` is "always". */
  readonly triggers: readonly string[];
  /** "pending": only when a boot change of this stack waits for it. "always": once for each value of `triggers` besides. */
  readonly when: "pending" | "always";
  readonly allowRunningVms: boolean;
  /** How long the host may take to be back. */
  readonly timeoutSeconds: number;
}

/** Whose wish it is. */
export interface Owner {
  readonly project: string;
  readonly stack: string;
  /** The name of the resource in the program. */
  readonly label: string;
  /** The token in the resource's state; a new one for a new resource. Undefined in check, which is not told the state. */
  readonly token: string | undefined;
}

/** Another declaration of the same program for a device of the same host. */
export interface Declaration {
  readonly kind: ResourceKind;
  readonly label: string;
  readonly target: PciTarget;
  readonly vm: string | undefined;
}

/** What a planner is told besides the facts. */
export interface PlanContext {
  readonly owner: Owner;
  readonly program: readonly Declaration[];
}
