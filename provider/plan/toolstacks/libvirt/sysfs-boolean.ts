import type { EntryOf } from "../../../claims/claim-entry";
import type { HostFacts } from "../../../facts/host-facts";
import { otherEntries } from "../../claim";
import { neither } from "../../effect";
import { NOTHING, type Part, part } from "../../part";

const SYSFS_BOOLEAN = "virt_use_sysfs";
const ENTRY: EntryOf<"selinux-boolean"> = { kind: "selinux-boolean", name: SYSFS_BOOLEAN };

/** QEMU accesses the devices through files in /sys, which SELinux forbids unless this boolean is on. */
export function allowSysfs(facts: HostFacts, key: string): Part {
  if (facts.xen || facts.selinux?.virtUseSysfs === undefined) return NOTHING;
  // On because of another of our attachments: then the last of them switches it off again.
  if (facts.selinux.virtUseSysfs) return isNeededByOthers(facts, key) ? part({ entries: [ENTRY] }) : NOTHING;
  return part({
    steps: [{ kind: "set-selinux-boolean", name: SYSFS_BOOLEAN, to: true }],
    entries: [ENTRY],
    effects: [
      neither(
        `the SELinux boolean ${SYSFS_BOOLEAN} is turned on permanently (setsebool -P): without it SELinux (${facts.selinux.mode}) does not let VMs use PCI devices of this host`,
      ),
    ],
  });
}

/** The last attachment that needed the boolean switches it off. */
export function forbidSysfs(facts: HostFacts, key: string): Part {
  if (isNeededByOthers(facts, key) || facts.selinux?.virtUseSysfs !== true) return NOTHING;
  return part({
    steps: [{ kind: "set-selinux-boolean", name: SYSFS_BOOLEAN, to: false }],
    effects: [neither(`the SELinux boolean ${SYSFS_BOOLEAN} is turned off again: no other attachment needs it`)],
  });
}

function isNeededByOthers(facts: HostFacts, key: string): boolean {
  return otherEntries(facts, key).some(({ kind }) => kind === "selinux-boolean");
}
