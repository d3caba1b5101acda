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
  about: ["functions"],
  ask: `
servers=$(sed -n \\
  -e 's/^[^ ]* \\([^ ]*\\) \\([^ ]*\\) .*[ ,]addr=\\([0-9a-f.:]*\\).*/\\3 \\1 (\\2)/p' \\
  -e 's/^\\([0-9.]*\\):[^ ]*\\/[^ ]* \\([^ ]*\\) ceph .*/\\1 \\2 (ceph)/p' /proc/mounts)
for file in /sys/class/iscsi_connection/*/address; do
  [ -e "$file" ] && read -r server < "$file" || continue
  servers="$servers
$server an iSCSI target"
done
for file in /sys/class/nvme/*/address; do
  [ -e "$file" ] && read -r address < "$file" || continue
  server=\${address#traddr=}
  [ "$server" = "$address" ] || servers="$servers
\${server%%,*} an NVMe disk"
done
[ -z "$servers" ] || printf '%s\\n' "$servers" | sort -u | head -n 64 | while read -r server what; do
  [ -n "$server" ] || continue
  route_to "$server"
  echo "storage $server $interface $what"
done`,
  parse: ({ text }) =>
    [...text.matchAll(/^storage (\S+) (\S*) (.*)$/gm)].map(([, server = "", through = "", what = ""]) => ({
      what: `${what.replaceAll("\\040", " ")} of ${server}`,
      through: through === "" ? undefined : through,
    })),
};
