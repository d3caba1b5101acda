/** What can manage the VMs of a host, as the input `toolstack` names it. */
export const TOOLSTACKS = ["xl", "xapi", "libvirt", "xm"] as const;
/** The name of a toolstack. */
export type ToolstackName = (typeof TOOLSTACKS)[number];
