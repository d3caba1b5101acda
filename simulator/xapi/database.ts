import type { FileTree } from "../kernel/file-tree";
import type { Kernel } from "../kernel/kernel";
import type { Xen } from "../xen/xen";

/** What xapi sees of its host. */
export interface Dom0 {
  readonly files: FileTree;
  readonly kernel: Kernel;
  readonly xen: Xen | undefined;
}

/** What a profile says of the pool that its host is in. */
export interface XapiData {
  /** `7` is xapi 1.60 with the Python 2 xen-cmdline; `8.3` is xapi 26.1 with records of PCI devices. */
  readonly generation: "7" | "8.3";
  readonly brand: string;
  readonly version: string;
  readonly hostUuid: string;
  /** All hosts of the pool, this one too; the first is the coordinator. */
  readonly hosts: readonly { readonly uuid: string; readonly name: string }[];
  readonly haEnabled: boolean;
  readonly machines: readonly XapiMachineData[];
}

/** A VM record of XAPI's database. */
export interface XapiMachineData {
  readonly uuid: string;
  readonly name: string;
  readonly kind: "vm" | "template" | "snapshot" | "control-domain";
  readonly affinity?: string;
  readonly haRestartPriority?: string;
  readonly otherConfig?: Readonly<Record<string, string>>;
  readonly snapshots?: readonly string[];
  /** Another host of the pool, where it runs all the time. */
  readonly runsOn?: string;
}

/** A machine of the pool's database. */
export interface XapiMachine {
  readonly uuid: string;
  readonly kind: XapiMachineData["kind"];
  name: string;
  powerState: "halted" | "running" | "paused" | "suspended";
  residentOn: string | undefined;
  affinity: string | undefined;
  haRestartPriority: string;
  readonly otherConfig: Map<string, string>;
  readonly snapshots: readonly string[];
  domainId: number;
}

/**
 * An error of the API, as xe prints it: the text of its code, then its parameters (datamodel_errors.ml, cli_util.ml).
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    message: string,
    readonly parameters: readonly (readonly [string, string])[] = [],
  ) {
    super(message);
  }
}
