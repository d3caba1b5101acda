import { z } from "zod";
import { Attribute, element } from "./domain-element";

/** Something of the host that a disk of a VM is stored on. */
export type VmDisk =
  /** A block device, by the path in the XML: `/dev/vg0/web`, `/dev/disk/by-id/…`, `/dev/sdb`. */
  | { readonly kind: "block"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }
  /** A volume of a storage pool of libvirt, which may be a block device. */
  | { readonly kind: "volume"; readonly pool: string; readonly volume: string }
  /** Anything else: `network`, `nvme` (a PCI function, which is in `hostdevs`), `vhostuser`, `dir`, `vhostvdpa`, … */
  | { readonly kind: "other"; readonly type: string };

const Layer = z.object({
  "@type": Attribute,
  source: element(
    z.object({
      "@file": Attribute,
      "@dev": Attribute,
      "@pool": Attribute,
      "@volume": Attribute,
      dataStore: z.unknown().optional(),
    }),
  ),
  backingStore: z.unknown().optional(),
  mirror: z.unknown().optional(),
});

/**
 * What a `<disk>` is stored on (libvirt docs/formatdomain.rst, 10.0, "Hard drives, floppy disks, CDROMs"): its source,
 * all layers below it (`<backingStore>`, `<dataStore>`) and the copy that is being made of it (`<mirror>`). A drive
 * without a medium has nothing. Throws where that cannot be told.
 */
export function readDisk(disk: unknown): readonly VmDisk[] {
  return readLayer(Layer.parse(disk));
}

function readLayer(layer: z.infer<typeof Layer>): readonly VmDisk[] {
  const below = [layer.backingStore, layer.mirror, layer.source?.dataStore].flatMap((other) => {
    const parsed = element(Layer).parse(other);
    return parsed ? readLayer(parsed) : [];
  });
  return [...(layer.source ? [readSource(layer["@type"] ?? "file", layer.source)].flat() : []), ...below];
}

type Source = NonNullable<z.infer<typeof Layer>["source"]>;

function readSource(type: string, source: Source): readonly VmDisk[] {
  const { "@file": file, "@dev": device, "@pool": pool, "@volume": volume } = source;
  if (type === "block") return device === undefined ? [] : [{ kind: "block", path: device }];
  if (type === "volume") return pool === undefined || volume === undefined ? [] : [{ kind: "volume", pool, volume }];
  if (type !== "file") return [{ kind: "other", type }];
  if (file === undefined) return [];
  // QEMU opens a block device that is given as a file, and people write that.
  return [file.startsWith("/dev/") ? { kind: "block", path: file } : { kind: "file", path: file }];
}
