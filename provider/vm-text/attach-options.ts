/** How a VM is given a PCI function. An absent option is left to the toolstack. */
export interface AttachOptions {
  /** Whether the guest may write to the device's whole configuration space. */
  readonly permissive?: boolean | undefined;
  /** Whether the device uses MSI on the host when the guest uses INTx. */
  readonly msitranslate?: boolean | undefined;
  /** Whether an HVM guest may change the device's power state. */
  readonly powerManagement?: boolean | undefined;
  /** Whether the toolstack makes the device assignable itself. */
  readonly seize?: boolean | undefined;
  /** When reserved device memory (RMRR) conflicts with the guest's: `strict` refuses the device, `relaxed` goes on. */
  readonly rdmPolicy?: "strict" | "relaxed" | undefined;
  /** Slot number on the guest's PCI bus, 0 to 31; 0 lets the toolstack choose. */
  readonly vslot?: number | undefined;
  /**
   * Further fields of the device's configuration space that the guest may write: `register:size:mask`, as
   * parseConfigSpaceField returns them.
   */
  readonly quirks?: readonly string[] | undefined;
}
