/** The mode that `getenforce` prints, and the booleans that are set when the host comes up. */
export interface SelinuxData {
  readonly mode: "Enforcing" | "Permissive";
  readonly booleans: Readonly<Record<string, boolean>>;
}

/** SELinux of a host. `setsebool -P` keeps booleans over a reboot; others are not modelled. */
export interface Selinux {
  readonly mode: SelinuxData["mode"];
  readonly booleans: Map<string, boolean>;
}
