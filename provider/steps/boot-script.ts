import type { HostFacts } from "../facts/host-facts";
import type { BootInit } from "../facts/pciback-conf";
import { quote } from "../shell";
import type { StepType } from "./step-type";

/** Our boot script is enabled or disabled. */
export interface SetBootScript {
  readonly kind: "boot-script";
  /** The script's name, without the suffix of a systemd unit. */
  readonly name: string;
  readonly init: BootInit;
  /** Whether future boots start it. */
  readonly started: boolean;
}

const set = ({ init, name }: SetBootScript, started: boolean) =>
  `boot_script ${init} ${quote(name)} ${started ? "start" : "leave"}`;

/** Enables or disables a boot script with the init system's own program. */
export const setBootScript: StepType<SetBootScript> = {
  // The step that edits the script's list says which functions the host loses.
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["files"],
  rewrites: () => [],
  after: withScript,
  assumes: () => [],
  perform: (step) => set(step, step.started),
  undo: (step) => set(step, !step.started),
  functions: `
# Init system, name.
starts_at_boot() {
  for link in /etc/rc[S2345].d/S[0-9][0-9]"$2" /etc/systemd/system/*.wants/"$2.service"; do
    [ -L "$link" ] && return
  done
  return 1
}
# Init system, name, "start" or "leave". The init system's own program does it; the link it makes is then checked.
boot_script() {
  if [ "$3" = start ]; then
    starts_at_boot "$1" "$2" && return
    if [ "$1" = systemd ]; then systemctl enable "$2.service"
    elif chmod 755 "/etc/init.d/$2" && command -v insserv > /dev/null; then insserv "$2"
    elif command -v update-rc.d > /dev/null; then update-rc.d "$2" defaults
    else chkconfig --add "$2"
    fi
    starts_at_boot "$1" "$2" && sync && return
    echo "$2 could not be enabled: nothing starts it at boot"
    return 1
  fi
  starts_at_boot "$1" "$2" || return 0
  if [ "$1" = systemd ]; then systemctl disable "$2.service"
  elif command -v insserv > /dev/null; then insserv -r "$2"
  elif command -v update-rc.d > /dev/null; then update-rc.d -f "$2" remove
  else chkconfig --del "$2"
  fi
  starts_at_boot "$1" "$2" || { sync; return; }
  echo "$2 could not be disabled: it is still started at boot"
  return 1
}`,
  describe: ({ name, started }) => `${started ? "enable" : "disable"} ${name} at boot`,
};

function withScript(facts: HostFacts, { init, name, started }: SetBootScript): HostFacts {
  const script = init === "systemd" ? `${name}.service` : name;
  const others = facts.pcibackConf.started.filter((other) => other !== script);
  return { ...facts, pcibackConf: { ...facts.pcibackConf, started: started ? [...others, script] : others } };
}
