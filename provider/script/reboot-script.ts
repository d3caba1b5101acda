import { RUN_FOLDER } from "../claims/folders";
import { quote } from "../shell";
import type { Reboot } from "../steps/reboot";
import { PROLOGUE } from "./prologue";

/**
 * A script that reboots the host cleanly, under the lock, so that no apply of another run is interrupted. When it
 * succeeds, or its connection is cut, the host is going down. A non-zero exit means that it stays up, and the output
 * says why. XenServer takes 10 seconds to begin (xapi_host.ml, 24.14), and refuses a host that was not disabled before.
 */
export function rebootScript({ bootId, by }: Reboot): string {
  return `${PROLOGUE}
reboot_host() {
  trap '' HUP PIPE
  mkdir -p ${RUN_FOLDER} || return
  exec 9>> ${RUN_FOLDER}/lock
  waited=0
  until flock -n 9; do
    waited=$((waited + 1))
    [ "$waited" -le 900 ] || { echo 'another run has held the lock for a quarter of an hour' >&2; return 1; }
    sleep 1
  done
  [ "$(cat /proc/sys/kernel/random/boot_id)" = ${quote(bootId)} ] || return 0
${by === "xapi" ? XAPI_REBOOT : INIT_REBOOT}
}
reboot_host < /dev/null
exit
`;
}

// shutdown(8) of systemd and SysV returns at once; busybox has only reboot.
const INIT_REBOOT = `  if command -v shutdown > /dev/null; then shutdown -r now; else reboot; fi`;

const XAPI_REBOOT = `  host=$(sed -n "s/^INSTALLATION_UUID='\\(.*\\)'/\\1/p" /etc/xensource-inventory)
  xe host-disable uuid="$host" || return
  xe host-reboot uuid="$host" && return
  # It stays up, so VMs may start on it again.
  xe host-enable uuid="$host"
  return 1`;

/** What a host reports about its boot. */
export interface BootState {
  /** The id of the current boot, a uuid. */
  readonly bootId: string;
  /**
   * Whether everything that starts at boot has started, including the toolstack and services that give devices to VMs.
   */
  readonly ready: boolean;
}

/**
 * A script that prints the current boot and whether it is complete. "degraded" counts as complete: some unit failed. On
 * XenServer the host is enabled once its toolstack is up, unless it was disabled before or by hand.
 */
export function bootStateScript({ by }: Pick<Reboot, "by">): string {
  return `${PROLOGUE}
{
  echo "boot $(cat /proc/sys/kernel/random/boot_id)"
${by === "xapi" ? XAPI_STATE : INIT_STATE}
} < /dev/null 2> /dev/null
`;
}

// SysV: /etc/init.d/rc (Debian) or /etc/rc.d/rc (Red Hat) runs for as long as the boot does.
const INIT_STATE = `  if [ -d /run/systemd/system ]; then
    case $(systemctl is-system-running) in
      initializing | starting | '') ;;
      *) echo ready ;;
    esac
  else
    grep -q -s '/[e]tc/\\(init\\|rc\\)\\.d/rc' /proc/[0-9]*/cmdline || echo ready
  fi`;

const XAPI_STATE = `  host=$(sed -n "s/^INSTALLATION_UUID='\\(.*\\)'/\\1/p" /etc/xensource-inventory)
  if [ -e /var/run/xapi_init_complete.cookie ]; then
    if [ "$(xe host-param-get uuid="$host" param-name=enabled)" = true ] || xe host-enable uuid="$host"; then
      echo ready
    fi
  fi`;

/** Reads what `bootStateScript` printed; undefined when the output is incomplete. */
export function readBootState(printed: string): BootState | undefined {
  const bootId = /^boot (\S+)$/m.exec(printed)?.[1];
  return bootId === undefined ? undefined : { bootId, ready: /^ready$/m.test(printed) };
}
