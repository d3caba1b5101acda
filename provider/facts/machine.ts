import { type Fact, UnreadableFactsError } from "./answers";
import { readValues } from "./sysfs";

/** Which machine this is, and how it was booted. */
export interface Machine {
  /**
   * `/etc/machine-id` (D-Bus's on hosts older than systemd), or XenServer's INSTALLATION_UUID. Never changes, whatever
   * the host's address.
   */
  readonly id: string | undefined;
  /** Whether this is XenServer or XCP-ng, whose toolstack reboots the host and knows it by that id. */
  readonly isXenServer: boolean;
  /** Whether this is a VM on Xen (a domU), not the control domain of a host. */
  readonly isDomU: boolean;
  /** Changes with every boot of the host. */
  readonly bootId: string;
  readonly kernelRelease: string;
  /** Arguments of the running kernel; not those of the hypervisor. */
  readonly kernelCommandLine: string;
  /** The address of the host that this SSH session reached, from SSH_CONNECTION. */
  readonly sshServerAddress: string | undefined;
  /** Commands that an apply needs and this host lacks. */
  readonly missingCommands: readonly string[];
  /** Whether a process can leave the session that it was started in: some busybox has no setsid. */
  readonly hasSetsid: boolean;
}

const NEEDED_COMMANDS = ["flock", "cksum", "dd", "sed", "grep", "mktemp", "readlink"];

/** The identity of the host and of its boot. */
export const machineFact: Fact<Machine> = {
  name: "machine",
  about: [],
  ask: `
print_values /etc/machine-id /var/lib/dbus/machine-id /proc/sys/kernel/random/boot_id /proc/sys/kernel/osrelease /proc/cmdline
[ ! -e /etc/xensource-inventory ] || grep -H '^INSTALLATION_UUID=' /etc/xensource-inventory || [ $? = 1 ] || echo "/unread:"
hypervisor=
read -r hypervisor < /sys/hypervisor/type
[ "$hypervisor" != xen ] || ! is_domu || echo domu
# "clientip clientport serverip serverport", sshd(8); the ports differ from session to session
set -- $SSH_ROUTE
echo "/ssh:$1 $3"
for command in ${NEEDED_COMMANDS.join(" ")}; do
  command -v "$command" >&2 || echo "/missing/$command:"
done
command -v setsid >&2 || echo "/without-setsid:"`,
  parse(answer) {
    const values = readValues(answer.text);
    // Without it the host would count as another one, and all of its resources as replaced.
    if (values.has("/unread"))
      throw new UnreadableFactsError(
        "it could not read /etc/xensource-inventory, which says which host it is. Try again",
      );
    const installation = /'(.*)'/.exec(values.get("/etc/xensource-inventory") ?? "")?.[1];
    const machineId = installation ?? values.get("/etc/machine-id") ?? values.get("/var/lib/dbus/machine-id");
    return {
      id: machineId === "" ? undefined : machineId,
      isXenServer: installation !== undefined,
      isDomU: answer.text.split("\n").includes("domu"),
      bootId: values.get("/proc/sys/kernel/random/boot_id") ?? "",
      kernelRelease: values.get("/proc/sys/kernel/osrelease") ?? "",
      kernelCommandLine: values.get("/proc/cmdline") ?? "",
      sshServerAddress: / (?:::ffff:)?([^\s%]+)/.exec(values.get("/ssh") ?? "")?.[1],
      missingCommands: [...values.keys()].filter((path) => path.startsWith("/missing/")).map((path) => path.slice(9)),
      hasSetsid: !values.has("/without-setsid"),
    };
  },
};
