import type { Fact } from "./answers";

/** SELinux on a host that has not switched it off. */
export interface Selinux {
  readonly mode: "enforcing" | "permissive";
  /** Whether libvirt's VMs may use devices in /sys; undefined where the policy has no such boolean. */
  readonly virtUseSysfs: boolean | undefined;
}

/** Undefined on a host without SELinux, or with SELinux switched off. */
export const selinuxFact: Fact<Selinux | undefined> = {
  name: "selinux",
  about: ["selinux"],
  ask: `
command -v getenforce >&2 || return 0
getenforce
getsebool virt_use_sysfs`,
  parse({ text }) {
    const mode = /^(Enforcing|Permissive)$/m.exec(text)?.[1]?.toLowerCase();
    if (mode !== "enforcing" && mode !== "permissive") return undefined;
    const value = /^virt_use_sysfs --> (on|off)$/m.exec(text)?.[1];
    return { mode, virtUseSysfs: value === undefined ? undefined : value === "on" };
  },
};
