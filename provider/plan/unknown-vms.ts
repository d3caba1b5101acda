import type { HostFacts } from "../facts/host-facts";
import { PROCESSES_SECONDS } from "../facts/processes";
import { whyNoLibvirt, whyUnreadable } from "./silent-libvirt";
import { whyNoXapi } from "./silent-xapi";

/**
 * Why VMs may have devices that are not known, or run on the host and are not known: sentences that say what to do,
 * without the final full stop. Empty where all is known.
 */
export function whyVmsUnknown(facts: HostFacts): readonly string[] {
  const { xen, xend, xapi, domains, libvirt, processes } = facts;
  if (xen) {
    // The hypervisor's own list is complete, whatever libvirt says. A libvirt on Xen lists only what it started.
    const canList = xen.xl || xend?.answers === true;
    return [
      ...(domains.kind === "unlisted" ? [domains.reason] : canList ? [] : [NOT_LISTED]),
      ...(xapi?.answer.kind === "silent" ? [whyNoXapi(xapi, xapi.answer.said)] : []),
    ];
  }
  const unlisted = processes.kind === "unlisted" ? [NO_PROCESSES] : [];
  if (libvirt?.kind === "silent") return [whyNoLibvirt(libvirt), ...unlisted];
  const unreadable =
    libvirt?.kind === "answers" ? libvirt.unreadable.filter(({ mayRun }) => mayRun).map(whyUnreadable) : [];
  return [...unreadable, ...unlisted];
}

const NOT_LISTED =
  'the host runs on Xen, and neither xl nor xm lists its domains. Install xl, or start what it needs (systemctl start xencommons; on Debian: xen), until "xl info" answers';
const NO_PROCESSES = `the host did not list its processes within ${PROCESSES_SECONDS} s, and each of them may be a VM. Run "ls -l /proc/[0-9]*/fd" on the host to see why`;
