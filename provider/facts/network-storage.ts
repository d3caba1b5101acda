import type { Fact } from "./answers";

/** Storage that the host reaches over a network. */
export interface NetworkStorage {
  /** For people: `/srv (nfs4) of 192.0.2.9`, `an iSCSI target of 192.0.2.9`. */
  readonly what: string;
  /** The interface that packets to the server leave through; undefined when the host does not say. */
  readonly through: string | undefined;
}

/**
 * Mounts that name their server (NFS and CIFS as "addr=", Ceph in the source), iSCSI sessions, and NVMe over TCP or
 * RDMA. Network block devices do not tell where they lead.
 */
export const networkStorageFact: Fact<readonly NetworkStorage[]> = {
  name: "network_storage",
  ask: `
servers=$(
  sed -n -e 's/^[^ ]* \\([^ ]*\\) \\([^ ]*\\) .*[ ,]addr=\\([0-9a-f.:]*\\).*/\\3 \\1 (\\2)/p' \\
    -e 's/^\\([0-9.]*\\):[^ ]*\\/[^ ]* \\([^ ]*\\) ceph .*/\\1 \\2 (ceph)/p' /proc/mounts
  [ ! -d /sys/class/iscsi_connection ] || sed 's/$/ an iSCSI target/' /sys/class/iscsi_connection/*/address
  [ ! -d /sys/class/nvme ] || sed -n 's/^traddr=\\([0-9a-f.:]*\\),.*/\\1 an NVMe disk/p' /sys/class/nvme/*/address
)
[ -z "$servers" ] || printf '%s\\n' "$servers" | sort -u | head -n 64 | while read -r server what; do
  echo "storage $server $(route_to "$server" | head -n 1) $what"
done`,
  parse: ({ text }) =>
    [...text.matchAll(/^storage (\S+) (\S*) (.*)$/gm)].map(([, server = "", through = "", what = ""]) => ({
      what: `${what.replaceAll("\\040", " ")} of ${server}`,
      through: through === "" ? undefined : through,
    })),
};
