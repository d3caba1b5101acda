import { toBytes } from "../bytes";
import { quote } from "../shell";
import type { Fact } from "./answers";
import { BOOT_FILES } from "./boot";
import type { HostFiles } from "./files";
import { MODPROBE_CONF, MODPROBE_FILES } from "./modprobe";
import { PCIBACK_CONF_FILES, PCIBACK_CONF_READERS } from "./pciback-conf";
import { readTextFiles } from "./text-files";
import { RULE_FILES } from "./virtual-functions";
import { AUTOSTART_FILES, XL_CONFIG_FILES, XM_CONFIG_FILES } from "./vm-configs";
import { XEND_FILES } from "./xend";

/**
 * Every text file that plans read or edit, printed by one loop. Files that only matter with xm or with Xen are not read
 * without it.
 */
export const filesFact: Fact<HostFiles> = {
  name: "files",
  about: ["files"],
  ask: ({ vmConfigPaths }) => `
vm_configs=${XL_CONFIG_FILES}
xend_files=
if command -v xm >&2; then
  vm_configs='${XM_CONFIG_FILES}'
  xend_files='${XEND_FILES.join(" ")}'
fi
pciback_conf=
pciback_conf_readers=
if on_xen; then
  pciback_conf='${PCIBACK_CONF_FILES.join(" ")}'
  pciback_conf_readers=$(grep -ls 'pciback\\.conf' ${PCIBACK_CONF_READERS.join(" ")})
fi
set -- ${[AUTOSTART_FILES, ...vmConfigPaths.map((path) => quote(toBytes(path)))].join(" ")}
printf 'vm-config %s\\n' $vm_configs "$@"
# What a link leads to, or a program names, may be on a network file system, which hangs while its server is away.
elsewhere=${vmConfigPaths.length > 0 ? "yes" : ""}
for file in $vm_configs "$@"; do
  [ ! -L "$file" ] || elsewhere=yes
done
if [ -n "$elsewhere" ]; then
  limited 20 ls -dL $vm_configs "$@" > /dev/null
  [ $? != 124 ] || { echo vm-configs-unread; vm_configs=; set --; }
fi
printf 'pciback-conf-reader %s\\n' $pciback_conf_readers
print_files ${[...MODPROBE_FILES, MODPROBE_CONF, ...BOOT_FILES, ...RULE_FILES].join(" ")} \\
  $vm_configs "$@" $xend_files $pciback_conf $pciback_conf_readers`,
  parse({ text }) {
    const [head = ""] = text.split(/^file /m);
    const paths = (word: string) =>
      head.split("\n").flatMap((line) => (line.startsWith(`${word} /`) ? [line.slice(word.length + 1)] : []));
    return {
      byPath: new Map(readTextFiles(text).map((file) => [file.path, file] as const)),
      vmConfigPaths: paths("vm-config"),
      whyNoVmConfigs: head.split("\n").includes("vm-configs-unread")
        ? "its VM configurations could not be found within 20 s. They may be on a network file system whose server is away: mount it again, or unmount it"
        : undefined,
      pcibackConfReaders: paths("pciback-conf-reader"),
    };
  },
};
