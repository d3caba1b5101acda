import type { Machine } from "../machine";
import { readDomainConfig } from "../xen/config-file";
import { Xen } from "../xen/xen";
import { startDomain, XendError } from "../xen/xend";

/**
 * xend comes up, then the init script xendomains starts what is in /etc/xen/auto; a VM that does not start stops
 * nothing.
 */
export function bootXend(machine: Machine): void {
  const { files, profile } = machine;
  if (!profile.xen) return;
  const xen = new Xen(profile.xen, files);
  machine.xen = xen;
  const folder = "/etc/xen/auto";
  for (const name of files.exists(folder) ? files.list(folder) : []) {
    try {
      startDomain(xen, readDomainConfig(files.read(`${folder}/${name}`)));
    } catch (error) {
      if (!(error instanceof XendError)) throw error;
    }
  }
}
