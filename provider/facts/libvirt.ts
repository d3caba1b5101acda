import { fromBytes } from "../bytes";
import { type DomainXml, readDomainXml, splitDomainXmls, UnreadableDomainXml } from "../vm-text/domain-xml";
import type { Fact } from "./answers";

/** libvirt on a host that has virsh. */
export type Libvirt =
  /** The host has another toolstack and the program does not name libvirt: a hanging daemon would hold up all facts. */
  | { readonly kind: "not-asked" }
  /** The daemon did not answer, or did not list its VMs. `said` is what virsh printed, empty when it timed out. */
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
  /** The other VMs that it lists: what they have of the host, and mostly whether they run, is unknown. */
  readonly unreadable: readonly UnreadableVm[];
}

/** The connections of the system; the session of a user has no PCI devices to give. */
export type LibvirtUri = "qemu:///system" | "xen:///system";

/** The version of the library, which decides what virsh can do. */
export interface LibvirtVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
}

/** A VM that libvirt lists, and about which it does not answer, or not so that it can be read. */
export interface UnreadableVm {
  /** Its name or uuid, whichever is known. */
  readonly name: string;
  /** Undefined where it is unknown. */
  readonly uuid: string | undefined;
  /** False only where libvirt says so. */
  readonly mayRun: boolean;
  /** What is wrong and where to look; follows `the VM "…" cannot be read: `. */
  readonly reason: string;
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
 * the state of all VMs, then their XML, with the list once more at its end, which tells a VM that was removed meanwhile
 * from one that was not answered for.
 */
export const libvirtFact: Fact<Libvirt | undefined> = {
  name: "libvirt",
  about: ["vms"],
  ask: (questions) => `
command -v virsh >&2 || return 0
libvirt_uri=qemu:///system
if on_xen; then
  libvirt_uri=xen:///system
  ${questions.libvirt ? "" : "if command -v xl >&2 || command -v xm >&2 || command -v xe >&2; then echo not-asked; return 0; fi"}
fi
echo "uri $libvirt_uri"
libvirt_run() {
  limited 60 virsh -c "$libvirt_uri" "$@"
}
libvirt_found= libvirt_snapshots='snapshot-list' libvirt_list='list --all --uuid' libvirt_listed=yes
libvirt_said=$(libvirt_run "version; help attach-device; $libvirt_list" 2>&1) || libvirt_listed=no
libvirt_uuids=$(printf '%s\\n' "$libvirt_said" | grep -x '[0-9a-f]\\{8\\}-[0-9a-f-]\\{27\\}')
case $libvirt_said in *"support option --uuid"*)
  # Before libvirt 0.9.13 the list has only names, and virsh skips a whole line for one word that it does not know.
  libvirt_list= libvirt_listed=yes
  libvirt_said=$(libvirt_run 'version; help attach-device' 2>&1)
  limited 60 virsh help snapshot-list >&2 || libvirt_snapshots=
  libvirt_table=$(libvirt_run list --all) || libvirt_listed=no
  libvirt_found=$(printf '%s\\n' "$libvirt_table" | sed -n 's/^ *[-0-9][0-9]* \\(.*\\)$/\\1/p' |
    sed -e 's/^ *//' -e 's/ *$//' -e 's/ \\(running\\|idle\\|paused\\|in shutdown\\|shut off\\|crashed\\|dying\\|no state\\)$//' -e 's/ *$//' |
    while read -r libvirt_name; do
      libvirt_run domuuid "$libvirt_name" < /dev/null || printf 'unknown %s\\n' "$libvirt_name"
    done)
  libvirt_uuids=$(printf '%s\\n' "$libvirt_found" | grep -v '^unknown ') ;;
esac
[ "$libvirt_listed" = yes ] || echo not-listed
prefix 'said '
printf '%s\\n' "$libvirt_said" "$libvirt_found"
case $libvirt_said in *'Using library: libvir'*) ;; *) return 0 ;; esac
libvirt_infos= libvirt_xmls=
for libvirt_uuid in $libvirt_uuids; do
  libvirt_infos="$libvirt_infos dominfo $libvirt_uuid; \${libvirt_snapshots:+snapshot-list $libvirt_uuid;}"
  libvirt_xmls="$libvirt_xmls dumpxml --inactive $libvirt_uuid; dumpxml $libvirt_uuid;"
done
[ -n "$libvirt_infos" ] || return 0
prefix 'info '
libvirt_run "$libvirt_infos"
prefix 'xml '
libvirt_run "$libvirt_xmls $libvirt_list"
return 0`,
  parse(answer) {
    const sections = new Map<string, string[]>();
    for (const line of answer.text.split("\n")) {
      const [word = ""] = line.split(" ", 1);
      const section = sections.get(word) ?? [];
      sections.set(word, section);
      section.push(line.slice(word.length + 1));
    }
    const linesOf = (word: string) => sections.get(word) ?? [];
    const textOf = (word: string) => linesOf(word).join("\n");
    if (sections.has("not-asked")) return { kind: "not-asked" };
    const uri = textOf("uri");
    if (uri !== "qemu:///system" && uri !== "xen:///system") return undefined;
    const said = textOf("said");
    const version = readVersion(said);
    if (!version || sections.has("not-listed")) {
      return { kind: "silent", uri, said: version ? errorsIn(said) : said.replaceAll(/^error: /gm, "").trim() };
    }
    return {
      kind: "answers",
      uri,
      version,
      separateScopes: /^\s+--live\s/m.test(said),
      ...readVms(linesOf("said"), textOf("info"), textOf("xml")),
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

/** What virsh said when something failed: "error: Failed to list domains". */
function errorsIn(said: string): string {
  return (said.match(/^error: .*$/gm) ?? []).map((line) => line.slice("error: ".length)).join("\n");
}

const UUID = /^[\da-f]{8}-[\da-f-]{27}$/;

/**
 * `listed` has the uuids of all VMs, and `unknown <name>` where an old virsh had none; `infos` for each VM `dominfo`,
 * which begins with "Id:", and `snapshot-list`; `xmls` the inactive XML, then the current one, and at its end the uuids
 * once more, where virsh can.
 */
function readVms(
  listed: readonly string[],
  infos: string,
  xmls: string,
): Pick<LibvirtAnswers, "domains" | "unreadable"> {
  const domains: LibvirtDomain[] = [];
  const unreadable = listed.flatMap((line): readonly UnreadableVm[] => {
    const name = /^unknown (.*)$/.exec(line)?.[1];
    return name === undefined
      ? []
      : [{ name: fromBytes(name), uuid: undefined, mayRun: true, reason: '"virsh domuuid" has no answer' }];
  });
  const infoOf = byUuid(infos.split(/^(?=Id:)/m), /^UUID:\s*(\S+)/m);
  const documentsOf = byUuid(splitDomainXmls(fromBytes(xmls)), /<uuid>\s*(\S+?)\s*<\/uuid>/);
  const listedAtEnd = xmls.split("\n").filter((line) => UUID.test(line));
  for (const uuid of listed.filter((line) => UUID.test(line))) {
    const [info] = infoOf.get(uuid) ?? [];
    const documents = documentsOf.get(uuid) ?? [];
    const isGone = listedAtEnd.length > 0 && !listedAtEnd.includes(uuid);
    if (isGone && (info === undefined || documents.length < 2)) continue;
    const vm = readVm(uuid, info, documents);
    if ("reason" in vm) unreadable.push(vm);
    else domains.push(vm);
  }
  return { domains, unreadable };
}

function readVm(
  uuid: string,
  info: string | undefined,
  [inactive, current]: readonly string[],
): LibvirtDomain | UnreadableVm {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(info ?? "")?.[1]?.trim() ?? "";
  const running = field("Id") !== "-";
  const unreadable = (reason: string): UnreadableVm => ({
    name: fromBytes(field("Name")) || uuid,
    uuid,
    mayRun: running,
    reason,
  });
  if (info === undefined) return unreadable(`"virsh dominfo ${uuid}" has no answer`);
  if (inactive === undefined || current === undefined) return unreadable(`"virsh dumpxml ${uuid}" has no answer`);
  try {
    const config = readDomainXml(inactive);
    const live = running ? readDomainXml(current) : undefined;
    const [odd] = [...config.unreadable, ...(live?.unreadable ?? [])];
    if (odd !== undefined) return unreadable(`its ${odd} cannot be understood. See "virsh dumpxml ${uuid}"`);
    const [, snapshots = ""] = info.split(/^-{3,}$/m);
    return {
      uuid,
      name: config.name,
      running,
      paused: ["paused", "pmsuspended"].includes(field("State")),
      persistent: field("Persistent") !== "no",
      saved: field("Managed save") === "yes",
      snapshots: snapshots.split("\n").filter((line) => line.trim() !== "").length,
      config,
      live,
    };
  } catch (error) {
    if (!(error instanceof UnreadableDomainXml)) throw error;
    return unreadable(`its XML is not libvirt's (${error.message}). See "virsh dumpxml ${uuid}"`);
  }
}

function byUuid(texts: readonly string[], uuid: RegExp): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const text of texts) {
    const key = uuid.exec(text)?.[1]?.toLowerCase();
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), text]);
  }
  return found;
}
