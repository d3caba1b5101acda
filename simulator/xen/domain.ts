import type { PciAddress } from "../../provider/pci/address";

/** A device of a domain, with the options that xl gave it. */
export interface DomainDevice {
  readonly address: PciAddress;
  /** Slot in the guest times eight; 0 when the device model or pcifront chooses. */
  readonly vdevfn: number;
  readonly msitranslate: boolean;
  readonly powerManagement: boolean;
  readonly permissive: boolean;
  readonly seize: boolean;
  readonly rdmPolicy: "strict" | "relaxed";
}

/** A disk of a domain: `phy:/dev/vg0/web,xvda,w`. */
export interface DomainDisk {
  /** What it is stored on: a block device, or a file. */
  readonly source: string;
  /** `xvda` */
  readonly name: string;
  readonly readOnly: boolean;
}

/** What an xl configuration file asks for. */
export interface DomainConfig {
  readonly name: string;
  readonly uuid: string;
  readonly type: "pv" | "pvh" | "hvm";
  /** MiB */
  readonly memory: number;
  readonly maxMemory: number;
  readonly vcpus: number;
  readonly passthrough: string | undefined;
  readonly devices: readonly DomainDevice[];
  readonly disks: readonly DomainDisk[];
  /** The bridges of its network interfaces, in their order. */
  readonly bridges: readonly string[];
  /** PCI entries that xl would not understand. */
  readonly badDevices: readonly string[];
}

/** A running domain. */
export interface Domain {
  readonly id: number;
  readonly config: DomainConfig;
  /** Whether devices can be given to it: decided when it starts (libxl_create.c, `passthrough`). */
  readonly passthrough: "disabled" | "enabled";
  paused: boolean;
  devices: readonly DomainDevice[];
  /** What the guest prints on its console. */
  console: string;
  readonly startedAt: number;
}
