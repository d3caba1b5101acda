import type { Machine } from "../machine";
import { ConfigSyntaxError, readDomainConfig } from "../xen/config-file";
import { createDomain } from "../xen/domains";
import { LibxlLog } from "../xen/libxl-log";
import { Xen } from "../xen/xen";

/** xenstored starts empty, then the init script xendomains starts what is in /etc/xen/auto. */
export function bootXen(machine: Machine): void {
  const { files, profile } = machine;
  if (!profile.xen) return;
  const xen = new Xen(profile.xen, files);
  machine.xen = xen;
  const folder = "/etc/xen/auto";
  for (const name of files.exists(folder) ? files.list(folder) : []) {
    try {
      createDomain(xen, new LibxlLog(), readDomainConfig(files.read(`${folder}/${name}`)));
    } catch (error) {
      if (!(error instanceof ConfigSyntaxError)) throw error;
    }
  }
}
