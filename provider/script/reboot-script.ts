import { toBytes } from "../bytes";
import { STATE_FOLDER } from "../claims/folders";
import { quote } from "../shell";
import type { Reboot } from "../steps/reboot";
import { GOING_DOWN, restOfScript } from "./opening-script";
import { PROLOGUE } from "./prologue";

/** How long after it was asked to reboot a host counts as going down, in seconds. */
const GOING_DOWN_SECONDS = 15 * 60;

/**
 * The rest of a script after its opening: reboots the host cleanly. The lock ends with the script, so a note keeps all
 * others from the host until it is down. When it succeeds, or its connection is cut, the host is going down. A non-zero
 * exit means that it stays up, and the output says why. XenServer takes 10 seconds to begin (xapi_host.ml, 24.14), and
 * refuses a host that was not disabled before.
 */
export function rebootScript(runId: string, { by, askedBy }: Reboot): string {
  const shell = `
reboot_host() {
  rmdir ${STATE_FOLDER} 2> /dev/null
  read -r boot < /proc/sys/kernel/random/boot_id
  read -r uptime idle < /proc/uptime
  uptime=\${uptime%%.*}
  printf '%s %s %s\\n' "$((uptime + ${GOING_DOWN_SECONDS}))" "$boot" ${quote(toBytes(askedBy))} > ${GOING_DOWN} || { rm -f ${GOING_DOWN}; return 1; }
  go_down
  outcome=$?
  # What had not ended in time may still take the host down.
  [ "$outcome" != 124 ] || return 0
  [ "$outcome" = 0 ] || rm -f ${GOING_DOWN}
  return "$outcome"
}
go_down() {
${by === "xapi" ? XAPI_REBOOT : INIT_REBOOT}
}
reboot_host < /dev/null 8>&- 9>&-`;
  return restOfScript(runId, shell);
}

// shutdown(8) of systemd and SysV returns at once; busybox has only reboot.
const INIT_REBOOT = `  if command -v shutdown > /dev/null; then limited 60 shutdown -r now; else limited 60 reboot; fi`;

const XAPI_REBOOT = `  host=$(sed -n "s/^INSTALLATION_UUID='\\(.*\\)'/\\1/p" /etc/xensource-inventory)
  limited 120 xe host-disable uuid="$host" || return 1
  limited 120 xe host-reboot uuid="$host" && return
  [ $? != 124 ] || return 124
  # It stays up, so VMs may start on it again.
  limited 120 xe host-enable uuid="$host"
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
