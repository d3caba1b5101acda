import { PCIBACK_CONF, SYSTEMD_SCRIPT, SYSTEMD_UNIT, SYSV_SCRIPT } from "../boot/pciback-boot-script";
import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { askTextFiles, readTextFiles } from "./text-files";

/** The list of an init script that gives devices to pciback late in the boot, and what starts that script. */
export interface PcibackConf {
  /** The list, whatever reads it, and the lists of modules that are loaded at boot. */
  readonly files: readonly TextFile[];
  /** Names of the scripts and units that the boot starts: `pciback`, `xendomains.service`. */
  readonly started: readonly string[];
  /** What starts services here; undefined where it is neither (OpenRC, runit). */
  readonly init: BootInit | undefined;
  /** Whether modules-load.d(5) is read here. */
  readonly modulesLoad: boolean;
}

export type BootInit = "systemd" | "sysv";

/** Lists of modules to load at boot: of Debian's init scripts, and of systemd (modules-load.d(5)). */
export const ETC_MODULES = "/etc/modules";
export const MODULES_LOAD_FILE = "/etc/modules-load.d/pulumi-pci-passthrough.conf";

/** Files that a host may not have and that we would make. */
const MAY_BE_MADE: readonly string[] = [PCIBACK_CONF, SYSV_SCRIPT, SYSTEMD_SCRIPT, SYSTEMD_UNIT, MODULES_LOAD_FILE];

export function canBecomeConfFile(path: string): boolean {
  return MAY_BE_MADE.includes(path);
}

// Whoever wrote the script: it names its list.
export const pcibackConfFact: Fact<PcibackConf> = {
  name: "pciback_conf",
  ask: `
[ "$(cat /sys/hypervisor/type)" = xen ] || return 0
if [ -d /run/systemd/system ]; then
  echo "init systemd"
elif command -v insserv >&2 || command -v update-rc.d >&2 || command -v chkconfig >&2; then
  echo "init sysv"
fi
ls -d /etc/rc[S2345].d/S[0-9]* /etc/systemd/system/*.wants/* | sed -n -e 's#^/etc/rc..d/S[0-9][0-9]#start #p' -e 's#^.*\\.wants/#start #p' | sort -u
[ -d /etc/modules-load.d ] && echo "modules-load.d"
readers=$(grep -ls 'pciback\\.conf' /etc/init.d/* /etc/rc.local /etc/rc.d/rc.local /etc/systemd/system/*.service /lib/systemd/system/*.service /usr/local/sbin/* /usr/local/bin/*)
${askTextFiles(PCIBACK_CONF, ETC_MODULES, "/etc/modules-load.d/*.conf", "$readers")}`,
  parse(answer) {
    const [head = ""] = answer.text.split(/^file /m);
    const words = head.split("\n").map((line) => line.split(" "));
    const init = words.find(([word]) => word === "init")?.[1];
    return {
      files: readTextFiles(answer.text),
      started: words.flatMap(([word, name]) => (word === "start" && name !== undefined ? [name] : [])),
      modulesLoad: words.some(([word]) => word === "modules-load.d"),
      init: init === "systemd" || init === "sysv" ? init : undefined,
    };
  },
};

export function findConfFile(conf: PcibackConf, path: string): TextFile | undefined {
  return conf.files.find((file) => file.path === path);
}

/** The scripts and units that read the list and are not ours, and whether the boot starts them. */
export function ownReaders(conf: PcibackConf): readonly { readonly path: string; readonly started: boolean }[] {
  const ours = [SYSV_SCRIPT, SYSTEMD_SCRIPT, SYSTEMD_UNIT, PCIBACK_CONF];
  const others = conf.files.filter(({ path }) => !ours.includes(path) && !path.startsWith(ETC_MODULES));
  return others.map(({ path }) => ({ path, started: isStarted(conf, path) }));
}

function isStarted(conf: PcibackConf, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "rc.local" || conf.started.includes(name)) return true;
  // A script that a unit or an init script runs.
  return conf.files.some((file) => file.path !== path && file.text.includes(path) && isStarted(conf, file.path));
}
