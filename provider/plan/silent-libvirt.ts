import type { Libvirt } from "../facts/libvirt";

/** Why nothing can be said of the VMs. */
export function libvirtSays(libvirt: Libvirt | undefined): string {
  if (libvirt?.kind !== "silent") return "it has no virsh, or libvirt was not asked there";
  const said = libvirt.said === "" ? "nothing within a minute" : libvirt.said.split("\n").join("; ");
  return `libvirt does not answer there. "virsh -c ${libvirt.uri} version" said: ${said}. Start it: systemctl start libvirtd (virtqemud or virtxend where the daemons are separate)`;
}
