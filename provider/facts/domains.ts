import { z } from "zod";
import { fromBytes } from "../bytes";
import { type PciAddress, parsePciAddress } from "../pci/address";
import { type Fact, TIME_IS_UP } from "./answers";
import { readXendDomains } from "./xend-domains";

/** A PCI function inside a running domain. */
export interface DomainPciDevice {
  readonly address: PciAddress;
}

/** A running or paused virtual machine of a Xen host. */
export interface Domain {
  readonly id: number;
  readonly name: string;
  readonly uuid: string | undefined;
  readonly paused: boolean;
  /**
   * Whether it was started with a device or with passthrough enabled; from Xen 4.13 on, no other domain can get one
   * (libxl_create.c, 4.17).
   */
  readonly startedForDevices: boolean;
  readonly pciDevices: readonly DomainPciDevice[];
  /** What its disks are stored on, as the toolstack has it: `/dev/vg0/web`, `phy:vg0/web`, `/srv/web.img`. */
  readonly disks: readonly string[];
}

/** The running domains of a host. */
export type Domains =
  /** All of them; none where the host does not run on Xen, or has neither xl nor xm. */
  | { readonly kind: "listed"; readonly domains: readonly Domain[] }
  /** The host did not list them, or what they have, or not all of it. Why, and what to do: a sentence without its full stop. */
  | { readonly kind: "unlisted"; readonly reason: string };

// `xl list -l` leaves out fields that are zero (xen tools/libs/light/gentypes.py, 4.17).
const ListedDomain = z.object({
  domid: z.number().default(0),
  config: z.object({
    c_info: z
      .object({ name: z.string().optional(), uuid: z.string().optional(), passthrough: z.string().optional() })
      .default({}),
    pcidevs: z.array(z.unknown()).default([]),
    disks: z.array(z.object({ pdev_path: z.string().optional() })).default([]),
  }),
});

/** Where the devices of VMs are in xenstore, by the ids of the VMs. */
const BACKENDS = "/local/domain/0/backend/pci";

/** The running domains from `xl` or `xm`, with their devices from xenstore or `xm`. */
export const domainsFact: Fact<Domains> = {
  name: "domains",
  about: ["vms"],
  ask: `
on_xen || return 0
if ! command -v xl >&2; then
  command -v xm >&2 || return 0
  echo xend
  limited 20 xm list --long || limited 20 xm list --long || limited 20 xm list --long
  return
fi
# A try that failed has printed something, too.
table=$(limited 20 xl list || limited 20 xl list || limited 20 xl list)
status=$?
prefix 'list '
printf '%s\\n' "$table"
[ "$status" = 0 ] || return "$status"
# Six words are the head. Where no VM runs, none has devices or disks, and two more programs of Xen need not start.
set -- $table
[ $# != 12 ] || [ "$7 $8" != "Domain-0 0" ] || return 0
prefix 'store '
limited 20 xenstore-ls -f ${BACKENDS} 2>&1
store=$?
prefix ''
echo "store-ended $store"
limited 20 xl list -l || limited 20 xl list -l || limited 20 xl list -l`,
  parse(answer) {
    // Seen on Xen 4.17: xl sometimes aborts in a thread of libxenstore (tpp.c). Mistaking that for "no domains" would
    // do harm.
    if (answer.text.startsWith("xend\n")) {
      const domains = answer.exitCode === 0 ? readXendDomains(answer.text.slice("xend\n".length)) : undefined;
      return domains
        ? { kind: "listed", domains }
        : unlisted('"xm list --long" printed no list, so the running VMs are unknown. Run it on the host to see why');
    }
    if (answer.exitCode !== 0) {
      const failed = answer.exitCode === TIME_IS_UP ? '"xl list" did not answer' : '"xl list" failed three times';
      return unlisted(`${failed}, so the running VMs are unknown. Run "xl list" on the host to see why`);
    }
    const lost = whyDevicesLost(answer.text);
    if (lost !== undefined)
      return unlisted(
        `"xenstore-ls" ${lost}, so it is not known what the running VMs have. Run "xenstore-ls -f ${BACKENDS}" on the host to see why`,
      );
    const json = answer.text.lastIndexOf("\n[");
    const listed = json < 0 ? [] : readDomainList(answer.text.slice(json));
    if (!listed)
      return unlisted(
        '"xl list -l" printed a list that is cut off, so it is not known what the running VMs have. Run it on the host to see why',
      );
    const lines = (json < 0 ? answer.text : answer.text.slice(0, json)).split("\n");
    const devices = readPciBackends(lines);
    const domains = lines.flatMap((line): Domain[] => {
      // xl_list.c (4.17): name, id, memory, vcpus, state, time. Names may hold spaces.
      const match = /^list (\S.*?)\s+(\d+)\s+\d+\s+\d+\s+([r-][b-][p-][s-][c-][d-])\s/.exec(line);
      if (!match?.[1] || !match[2] || match[2] === "0") return [];
      const id = Number(match[2]);
      const config = listed.find((domain) => domain.domid === id)?.config;
      return [
        {
          id,
          name: fromBytes(match[1]),
          uuid: config?.c_info.uuid,
          paused: match[3]?.includes("p") ?? false,
          // Detached devices stay in this list (seen on 4.17): it tells how the domain was started, not what it has.
          startedForDevices:
            (config?.pcidevs.length ?? 0) > 0 ||
            (config?.c_info.passthrough !== undefined && config.c_info.passthrough !== "disabled"),
          pciDevices: (devices.get(id) ?? []).map((address) => ({ address })),
          disks: (config?.disks ?? []).flatMap(({ pdev_path }) => pdev_path ?? []),
        },
      ];
    });
    return { kind: "listed", domains: [...new Map(domains.map((domain) => [domain.id, domain] as const)).values()] };
  },
};

/** The domains that are known to run. */
export function runningDomains({ domains }: { readonly domains: Domains }): readonly Domain[] {
  return domains.kind === "listed" ? domains.domains : [];
}

function unlisted(reason: string): Domains {
  return { kind: "unlisted", reason };
}

/** Undefined when it is cut off. Before 4.3 xl prints S-expressions here. For what that xl can do, the table and xenstore are enough. */
function readDomainList(json: string) {
  try {
    const listed = z.array(z.unknown()).parse(JSON.parse(json));
    return listed.flatMap((domain) => ListedDomain.safeParse(domain).data ?? []);
  } catch {
    return undefined;
  }
}

/**
 * What became of xenstore-ls, when it did not list all devices of VMs; undefined when it did. It fails too where no VM
 * ever had a device (xen tools/xenstore/xenstore_client.c, 4.17, do_ls()).
 */
function whyDevicesLost(text: string): string | undefined {
  const exitCode = /^store-ended (\d+)$/m.exec(text)?.[1];
  if (exitCode === undefined || exitCode === "0") return undefined;
  if (Number(exitCode) === TIME_IS_UP) return "did not answer";
  const said = text.split("\n").flatMap((line) => (line.startsWith("store ") ? [line.slice("store ".length)] : []));
  return said.length === 1 && said[0]?.endsWith(`(${BACKENDS}): No such file or directory`)
    ? undefined
    : `failed: ${said.filter((line) => !line.startsWith("/")).join("; ") || "it listed only a part"}`;
}

/**
 * Reads `/local/domain/0/backend/pci/<domid>/0/dev-N = "0000:01:00.0"`. A device counts, whatever its state, until the
 * key is gone.
 */
function readPciBackends(lines: readonly string[]): ReadonlyMap<number, PciAddress[]> {
  const devices = new Map<number, PciAddress[]>();
  for (const line of lines) {
    const match = /^store \/local\/domain\/0\/backend\/pci\/(\d+)\/\d+\/dev-\d+ = "(.*)"$/.exec(line);
    const address = parsePciAddress(match?.[2] ?? "");
    if (match && address) devices.set(Number(match[1]), [...(devices.get(Number(match[1])) ?? []), address]);
  }
  return devices;
}
