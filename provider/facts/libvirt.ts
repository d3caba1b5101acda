import { fromBytes } from "../bytes";
import { type DomainXml, readDomainXmls } from "../vm-text/domain-xml";
import { type Fact, UnreadableFactsError } from "./answers";

/** libvirt on a host that has virsh. */
export type Libvirt =
  /** On a host with another toolstack it is asked only when the program names it: a daemon that hangs would hold up all facts. */
  | { readonly kind: "not-asked" }
  /** The daemon did not answer; `said` is what virsh printed, empty when it waited in vain. */
  | { readonly kind: "silent"; readonly uri: LibvirtUri; readonly said: string }
  | LibvirtAnswers;

export interface LibvirtAnswers {
  readonly kind: "answers";
  readonly uri: LibvirtUri;
  readonly version: LibvirtVersion;
  /** Whether `virsh attach-device` has --config and --live; before (up to 1.0.4) one flag meant both. */
  readonly separateScopes: boolean;
  readonly domains: readonly LibvirtDomain[];
}

/** The system's own connections; a user's session has no PCI devices to give. */
export type LibvirtUri = "qemu:///system" | "xen:///system";

export interface LibvirtVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
}

/** A VM of libvirt. */
export interface LibvirtDomain {
  readonly uuid: string;
  readonly name: string;
  readonly running: boolean;
  /** Paused, or suspended by the guest itself. */
  readonly paused: boolean;
  /** A transient VM has no configuration that outlives it. */
  readonly persistent: boolean;
  /** Whether the next start goes on from a saved state (virsh managedsave). */
  readonly saved: boolean;
  readonly snapshots: number;
  /** `dumpxml --inactive`: what the next start takes. */
  readonly config: DomainXml;
  /** `dumpxml` of a running VM. */
  readonly live: DomainXml | undefined;
}

/**
 * Three runs of virsh, which starts slowly: the version with the list of VMs, then what virsh says of all VMs, then their XML.
 * `timeout` is missing on hosts as old as RHEL 5.
 */
export const libvirtFact: Fact<Libvirt | undefined> = {
  name: "libvirt",
  ask: (questions) => `
command -v virsh >&2 || return 0
libvirt_uri=qemu:///system
if [ "$(cat /sys/hypervisor/type)" = xen ]; then
  libvirt_uri=xen:///system
  ${questions.libvirt ? "" : "if command -v xl >&2 || command -v xm >&2 || command -v xe >&2; then echo not-asked; return 0; fi"}
fi
echo "uri $libvirt_uri"
libvirt_limit=no
timeout 9 true && libvirt_limit=60
libvirt_run() {
  if [ "$libvirt_limit" = no ]; then virsh -c "$libvirt_uri" "$@"; else timeout 60 virsh -c "$libvirt_uri" "$@"; fi
}
libvirt_snapshots='snapshot-list'
libvirt_said=$(libvirt_run 'version; help attach-device; list --all --uuid' 2>&1)
libvirt_uuids=$(printf '%s\\n' "$libvirt_said" | grep -x '[0-9a-f]\\{8\\}-[0-9a-f-]\\{27\\}')
case $libvirt_said in *"support option --uuid"*)
  # Before libvirt 0.9.13 the list had names alone, and virsh does nothing of a line with one word that it does not know.
  libvirt_said=$(libvirt_run 'version; help attach-device' 2>&1)
  virsh help snapshot-list >&2 || libvirt_snapshots=
  libvirt_uuids=$(libvirt_run list --all | sed -n 's/^ *[-0-9][0-9]* \\(.*\\)$/\\1/p' |
    sed -e 's/^ *//' -e 's/ *$//' -e 's/ \\(running\\|idle\\|paused\\|in shutdown\\|shut off\\|crashed\\|dying\\|no state\\)$//' -e 's/ *$//' |
    while read -r libvirt_name; do libvirt_run domuuid "$libvirt_name" < /dev/null; done) ;;
esac
printf '%s\\n' "$libvirt_said" | sed 's/^/said /'
case $libvirt_said in *'Using library: libvir'*) ;; *) return 0 ;; esac
libvirt_infos= libvirt_xmls=
for libvirt_uuid in $libvirt_uuids; do
  libvirt_infos="$libvirt_infos dominfo $libvirt_uuid; \${libvirt_snapshots:+snapshot-list $libvirt_uuid;}"
  libvirt_xmls="$libvirt_xmls dumpxml --inactive $libvirt_uuid; dumpxml $libvirt_uuid;"
done
[ -n "$libvirt_infos" ] || return 0
libvirt_run "$libvirt_infos" | sed 's/^/info /'
libvirt_run "$libvirt_xmls" | sed 's/^/xml /'
return 0`,
  parse(answer) {
    const sections = new Map<string, string[]>();
    for (const line of answer.text.split("\n")) {
      const [word = ""] = line.split(" ", 1);
      const section = sections.get(word) ?? [];
      sections.set(word, section);
      section.push(line.slice(word.length + 1));
    }
    const textOf = (word: string) => (sections.get(word) ?? []).join("\n");
    if (sections.has("not-asked")) return { kind: "not-asked" };
    const uri = textOf("uri");
    if (uri !== "qemu:///system" && uri !== "xen:///system") return undefined;
    const said = textOf("said");
    const version = readVersion(said);
    if (!version) return { kind: "silent", uri, said: said.replaceAll(/^error: /gm, "").trim() };
    return {
      kind: "answers",
      uri,
      version,
      separateScopes: /^\s+--live\s/m.test(said),
      domains: readDomains(textOf("info"), textOf("xml")),
    };
  },
};

export function libvirtIsAtLeast(version: LibvirtVersion, major: number, minor: number, micro: number): boolean {
  const difference = version.major - major || version.minor - minor || version.micro - micro;
  return difference >= 0;
}

function readVersion(said: string): LibvirtVersion | undefined {
  const match = /^Using library: libvirt? (\d+)\.(\d+)\.(\d+)/m.exec(said);
  return match ? { major: Number(match[1]), minor: Number(match[2]), micro: Number(match[3]) } : undefined;
}

/** `dominfo` begins with "Id:", then comes `snapshot-list`; of each VM first the inactive XML, then the one of this moment. */
function readDomains(infos: string, xmls: string): readonly LibvirtDomain[] {
  const documents = readXmls(xmls);
  return infos
    .split(/^(?=Id:)/m)
    .filter((text) => text.startsWith("Id:"))
    .flatMap((text): LibvirtDomain[] => {
      const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
      const uuid = field("UUID").toLowerCase();
      const [config, live] = documents.filter((one) => one.uuid === uuid);
      if (!config) return []; // gone between two questions
      const running = field("Id") !== "-";
      const [, snapshots = ""] = text.split(/^-{3,}$/m);
      return [
        {
          uuid,
          name: config.name,
          running,
          paused: ["paused", "pmsuspended"].includes(field("State")),
          persistent: field("Persistent") !== "no",
          saved: field("Managed save") === "yes",
          snapshots: snapshots.split("\n").filter((line) => line.trim() !== "").length,
          config,
          live: running ? live : undefined,
        },
      ];
    });
}

function readXmls(text: string): readonly DomainXml[] {
  try {
    return readDomainXmls(fromBytes(text));
  } catch (error) {
    throw new UnreadableFactsError(`the XML that virsh prints of the host's VMs cannot be read: ${error}`);
  }
}
