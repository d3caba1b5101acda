import { PCIBACK_CONF, SYSTEMD_SCRIPT, SYSTEMD_UNIT, SYSV_SCRIPT } from "../boot/pciback-boot-script";
import type { TextFile } from "../boot/text-file";
import type { Fact } from "./answers";
import { type HostFiles, selectFiles } from "./files";

/** What runs the init script that gives the devices of /etc/xen/pciback.conf to pciback late in the boot. */
export interface PcibackConf {
  /** Names of the scripts and units that the boot starts: `pciback`, `xendomains.service`. */
  readonly started: readonly string[];
  /** What starts services here; undefined where it is neither of these (OpenRC, runit). */
  readonly init: BootInit | undefined;
  /** Whether modules-load.d(5) is read here. */
  readonly modulesLoad: boolean;
}

/** What starts services at boot. */
export type BootInit = "systemd" | "sysv";

/** The modules that Debian's init scripts load at boot. */
export const ETC_MODULES = "/etc/modules";
/** Written where systemd loads modules at boot (modules-load.d(5)). */
export const MODULES_LOAD_FILE = "/etc/modules-load.d/pulumi-pci-passthrough.conf";

const MODULE_LISTS = [ETC_MODULES, "/etc/modules-load.d/*.conf"];

/** The scripts that this project writes where the host has no reader of its own. */
const WRITTEN_SCRIPTS: readonly string[] = [SYSV_SCRIPT, SYSTEMD_SCRIPT, SYSTEMD_UNIT];

/** The list itself, and the lists of modules that are loaded at boot. */
export const PCIBACK_CONF_FILES: readonly string[] = [PCIBACK_CONF, ...MODULE_LISTS];

/** Where a script or unit that reads the list may be. Whoever wrote it, it mentions the list by name. */
export const PCIBACK_CONF_READERS: readonly string[] = [
  ...["/etc/init.d/*", "/etc/rc.local", "/etc/rc.d/rc.local"],
  ...["/etc/systemd/system/*.service", "/lib/systemd/system/*.service"],
  ...["/usr/local/sbin/*", "/usr/local/bin/*"],
];

/** Undefined `init`, and nothing started, on a host without Xen. */
export const pcibackConfFact: Fact<PcibackConf> = {
  name: "pciback_conf",
  about: ["files"],
  ask: `
on_xen || return 0
if [ -d /run/systemd/system ]; then
  echo "init systemd"
elif command -v insserv >&2 || command -v update-rc.d >&2 || command -v chkconfig >&2; then
  echo "init sysv"
fi
for link in /etc/rc[S2345].d/S[0-9]* /etc/systemd/system/*.wants/*; do
  name=\${link##*/}
  case $link in /etc/rc?.d/*) name=\${name#S[0-9][0-9]} ;; esac
  echo "start $name"
done
[ -d /etc/modules-load.d ] && echo "modules-load.d"`,
  parse(answer) {
    const words = answer.text.split("\n").map((line) => line.split(" "));
    const init = words.find(([word]) => word === "init")?.[1];
    return {
      started: words.flatMap(([word, name]) => (word === "start" && name !== undefined ? [name] : [])),
      modulesLoad: words.some(([word]) => word === "modules-load.d"),
      init: init === "systemd" || init === "sysv" ? init : undefined,
    };
  },
};

/** The lists of modules that are loaded at boot. */
export function moduleLists(files: HostFiles): readonly TextFile[] {
  return selectFiles(files, MODULE_LISTS);
}

/**
 * The scripts and units of the host itself, not of this project, that read the list, and whether the boot starts them.
 */
export function ownReaders(
  conf: PcibackConf,
  files: HostFiles,
): readonly { readonly path: string; readonly started: boolean }[] {
  const readers = files.pcibackConfReaders.flatMap((path) => files.byPath.get(path) ?? []);
  const written = WRITTEN_SCRIPTS.flatMap((path) => files.byPath.get(path) ?? []);
  const all = [...selectFiles(files, PCIBACK_CONF_FILES), ...readers, ...written];
  const started = new Set(all.filter(({ path }) => isStartedByName(conf, path)));
  // A script that a started unit or init script runs is started too. The loop also visits what it adds.
  for (const starter of started) for (const file of all) if (starter.text.includes(file.path)) started.add(file);
  return readers
    .filter(({ path }) => !WRITTEN_SCRIPTS.includes(path))
    .map((reader) => ({ path: reader.path, started: started.has(reader) }));
}

function isStartedByName(conf: PcibackConf, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name === "rc.local" || conf.started.includes(name);
}
