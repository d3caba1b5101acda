import { fromBytes } from "../bytes";
import { type DomainXml, readDomainXmls } from "../vm-text/domain-xml";
import { type Fact, UnreadableFactsError } from "./answers";

/** libvirt on a host that has virsh. */
export type Libvirt =
  /** The host has another toolstack and the program does not name libvirt: a hanging daemon would hold up all facts. */
  | { readonly kind: "not-asked" }
  /** The daemon did not answer. `said` is what virsh printed, empty when it timed out. */
  | { readonly kind: "silent"; readonly uri: LibvirtUri; readonly said: string }
  | LibvirtAnswers;

/** A libvirt daemon that answers. */
export interface LibvirtAnswers {
  readonly kind: "answers";
  readonly uri: LibvirtUri;
  readonly version: LibvirtVersion;
  /** Whether `virsh attach-device` has --config and --live; up to 1.0.4 one flag meant both. */
  readonly separateScopes: boolean;
  readonly domains: readonly LibvirtDomain[];
}

/** The connections of the system; the session of a user has no PCI devices to give. */
export type LibvirtUri = "qemu:///system" | "xen:///system";

/** The version of the library, which decides what virsh can do. */
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
  /** Whether the next start resumes a saved state (virsh managedsave). */
  readonly saved: boolean;
  readonly snapshots: number;
  /** `dumpxml --inactive`: what the VM has from its next start on. */
  readonly config: DomainXml;
  /** `dumpxml` of a running VM. */
  readonly live: DomainXml | undefined;
}

/**
 * Undefined on a host without virsh. Three runs of virsh, which starts slowly: the version with the list of VMs, then
 * the state of all VMs, then their XML. Throws UnreadableFactsError for XML that cannot be read.
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
libvirt_run() {
  limited 60 virsh -c "$libvirt_uri" "$@"
}
libvirt_snapshots='snapshot-list'
libvirt_said=$(libvirt_run 'version; help attach-device; list --all --uuid' 2>&1)
libvirt_uuids=$(printf '%s\\n' "$libvirt_said" | grep -x '[0-9a-f]\\{8\\}-[0-9a-f-]\\{27\\}')
case $libvirt_said in *"support option --uuid"*)
  # Before libvirt 0.9.13 the list has only names, and virsh skips a whole line for one word that it does not know.
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

/** Whether the version is this one or a later one. */
export function libvirtIsAtLeast(version: LibvirtVersion, major: number, minor: number, micro: number): boolean {
  const difference = version.major - major || version.minor - minor || version.micro - micro;
  return difference >= 0;
}

function readVersion(said: string): LibvirtVersion | undefined {
  const match = /^Using library: libvirt? (\d+)\.(\d+)\.(\d+)/m.exec(said);
  return match ? { major: Number(match[1]), minor: Number(match[2]), micro: Number(match[3]) } : undefined;
}

/**
 * For each VM `infos` has `dominfo`, which begins with "Id:", and `snapshot-list`; `xmls` has the inactive XML, then
 * the current one.
 */
function readDomains(infos: string, xmls: string): readonly LibvirtDomain[] {
  const documents = readXmls(xmls);
  return infos
    .split(/^(?=Id:)/m)
    .filter((text) => text.startsWith("Id:"))
    .flatMap((text): LibvirtDomain[] => {
      const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
      const uuid = field("UUID").toLowerCase();
      const [config, live] = documents.filter((document) => document.uuid === uuid);
      if (!config) return []; // removed between two questions
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
    throw new UnreadableFactsError(
      `unable to read the XML that virsh prints for the host's VMs: ${error}. Look for the VM with "virsh dumpxml"`,
    );
  }
}
