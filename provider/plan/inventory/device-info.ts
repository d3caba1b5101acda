/** One PCI function of a host, as returned by `getPciDevices`. */
export interface PciDeviceInfo {
  /** In the long form, `0000:01:00.0`: what the input `device` of a resource takes. */
  readonly address: string;
  /** Vendor and device: `8086:10d3`. */
  readonly id: string;
  /** Subsystem vendor and device: `15d9:060a`. */
  readonly subsystem: string;
  /** Six hexadecimal digits, base class first: `020000` is an Ethernet controller. */
  readonly class: string;
  /** For people: `Ethernet controller: Intel Corporation 82574L`. */
  readonly label: string;
  /** The driver that it is bound to now. */
  readonly driver?: string;
  /** Whether it is bound to a stub driver and no running VM can have it: ready to be attached. */
  readonly assignable: boolean;
  /** Whether every future boot hides it from the host. */
  readonly hidden: boolean;
  /** Names of the VMs that have it now, or get it at their next start. */
  readonly vms: readonly string[];
  /**
   * Addresses of the other functions in its IOMMU group: a VM gets all of them or none. Undefined when it is in no
   * group.
   */
  readonly groupMembers?: readonly string[];
  /** The address of the physical function, when this is a virtual function. */
  readonly physicalFunction?: string;
  /** How many virtual functions it can have; 0 without SR-IOV. */
  readonly mostVirtualFunctions: number;
}

/** What `getPciDevices` looks for; every given criterion must match. */
export interface PciDeviceFilter {
  /** Vendor and device: `8086:10d3`, or the vendor alone: `8086`. */
  readonly id?: string | undefined;
  /** The class code or a prefix of it: `02` is every network controller, `0300` every VGA card. */
  readonly class?: string | undefined;
  /** The driver that it is bound to now. */
  readonly driver?: string | undefined;
  /** A part of the label; case does not matter. */
  readonly label?: string | undefined;
  /** Whether it is ready to be attached. */
  readonly assignable?: boolean | undefined;
  /** The name of a VM that has it now, or gets it at its next start. */
  readonly vm?: string | undefined;
}
