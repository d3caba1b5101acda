import type { HostFacts } from "../facts/host-facts";
import { whyNoLibvirt, whyUnreadable } from "./silent-libvirt";
import { whyNoXapi } from "./silent-xapi";

/**
 * Why VMs may run on the host that are not known, or have devices that are not: sentences that say what to do, without
 * the final full stop. Empty where all VMs are known.
 */
export function whyVmsUnknown(facts: HostFacts): readonly string[] {
  const { xen, xend, xapi, libvirt } = facts;
  if (xen) {
    // The hypervisor's own list is complete, whatever libvirt says. A libvirt on Xen lists only what it started.
    const listed = xen.xl || xend?.answers === true;
    return [
      ...(listed ? [] : [NOT_LISTED]),
      ...(xapi?.answer.kind === "silent" ? [whyNoXapi(xapi, xapi.answer.said)] : []),
    ];
  }
  if (libvirt?.kind === "silent") return [whyNoLibvirt(libvirt)];
  return libvirt?.kind === "answers" ? libvirt.unreadable.filter(({ mayRun }) => mayRun).map(whyUnreadable) : [];
}

const NOT_LISTED =
  'the host runs on Xen, and neither xl nor xm lists its domains. Install xl, or start what it needs (systemctl start xencommons; on Debian: xen), until "xl info" answers';
