import type { Libvirt, UnreadableVm } from "../facts/libvirt";

/** Why libvirt cannot be asked about its VMs, and what to do. */
export function whyNoLibvirt(libvirt: Libvirt | undefined): string {
  if (libvirt === undefined)
    return "it has no virsh. Install libvirt and start it: apt install libvirt-daemon-system libvirt-clients, or dnf install libvirt; then systemctl start libvirtd (virtqemud or virtxend where the daemons are separate)";
  if (libvirt.kind !== "silent")
    return 'libvirt is not asked for its VMs beside another toolstack. To use libvirt, set toolstack: "libvirt" on the host';
  const said = libvirt.said === "" ? "nothing within a minute" : libvirt.said.split("\n").join("; ");
  return `libvirt does not answer. "virsh -c ${libvirt.uri} version" said: ${said}. Start it: systemctl start libvirtd (virtqemud or virtxend where the daemons are separate)`;
}

/** Why it is not known what a VM has of the host. */
export function whyUnreadable({ name, reason }: UnreadableVm): string {
  return `libvirt lists the VM "${name}", but what it has of the host is unknown: ${reason}`;
}
