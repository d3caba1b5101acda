import { posixChecksum } from "../../../../provider/facts/checksum";
import type { Situation } from "../situation";
import { blockDevices, mapping, ROOT, server, udev } from "./storage-server";

const XL = "xen 4.17, docs/man/xl-disk-configuration.5.pod.in";
const XM = "xen 4.1, docs/man/xmdomain.cfg.pod.5";
const BY_ID = "disk/by-id/nvme-Samsung_SSD_980_S64D";

/** A VM of xl with a disk that is written like this, on a server whose NVMe disk has nothing that tells. */
const disk = (title: string, source: string, written: string, path: string | undefined): Situation => {
  const text = `name = "web"\nmemory = 512\ndisk = [ '${written}' ]\n`;
  const lines = text.trimEnd().split("\n");
  return {
    title,
    source,
    answers: {
      ...server(
        ROOT,
        blockDevices("nvme0n1", "nvme0n1p1", "sdc"),
        udev("nvme0n1", "", "", BY_ID),
        mapping("dm-9", "crypt", "x"),
      ),
      files: [
        "vm-config /etc/xen/web.cfg",
        "file /etc/xen/web.cfg",
        `${posixChecksum(text)} ${text.length}`,
        "/etc/xen/web.cfg",
        ...lines.map((line) => `>${line}`),
        "",
      ].join("\n"),
    },
    declares: "04:00.0",
    refused:
      path === undefined
        ? []
        : [["mounted-storage", `carries ${path}, which is a disk of the VM "web". Remove it there`]],
  };
};

export const VM_DISKS: readonly Situation[] = [
  disk("a whole disk of a VM, by position", XL, "/dev/nvme0n1,raw,xvda,rw", "/dev/nvme0n1"),
  disk("a partition of a VM", XL, "/dev/nvme0n1p1,,xvda", "/dev/nvme0n1p1"),
  disk("a disk of a VM, by key", XL, "format=raw, vdev=xvda, access=rw, target=/dev/nvme0n1", "/dev/nvme0n1"),
  disk("a disk of a VM, as phy:", XM, "phy:/dev/nvme0n1,xvda,w", "/dev/nvme0n1"),
  disk("a disk of a VM, as phy: without /dev", XM, "phy:nvme0n1p1,xvda,w", "/dev/nvme0n1p1"),
  disk("a disk of a VM, by a link of udev", XL, `phy:/dev/${BY_ID},xvda,w`, `/dev/${BY_ID}`),
  disk("the disk of a VM on another controller", XL, "/dev/sdc,raw,xvda,rw", undefined),
  disk("an image of a VM, which lies on a mount", XL, "file:/srv/web.img,xvda,w", undefined),
  disk("a disk of a VM that is not there", XL, "/dev/vg9/web,raw,xvda,rw", undefined),
];
