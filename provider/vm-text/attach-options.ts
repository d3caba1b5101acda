/** How a virtual machine is given a PCI function. What is absent is left to the toolstack. */
export interface AttachOptions {
  /** Whether the guest may write all of the device's configuration space. */
  readonly permissive?: boolean | undefined;
  /** Whether the device uses MSI on the host when the guest uses INTx. */
  readonly msitranslate?: boolean | undefined;
  /** Whether an HVM guest may change the device's power state. */
  readonly powerManagement?: boolean | undefined;
  /** Whether the toolstack makes the device assignable by itself. */
  readonly seize?: boolean | undefined;
  /** What happens when reserved device memory (RMRR) collides with the guest's: refuse, or go on. */
  readonly rdmPolicy?: "strict" | "relaxed" | undefined;
  /** Slot number on the guest's PCI bus, 0 to 31; 0 lets the toolstack choose. */
  readonly vslot?: number | undefined;
  /** Fields of the device's configuration space that the guest may write besides: `register:size:mask`, as parseConfigSpaceField has them. */
  readonly quirks?: readonly string[] | undefined;
}
