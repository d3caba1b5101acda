import { z } from "zod";
import { Attribute, element } from "./domain-element";

/** What of the host's network an interface of a VM is connected to. */
export type VmInterface =
  /** A bridge of the host: `br0`. */
  | { readonly kind: "bridge"; readonly bridge: string }
  /** macvtap on a network interface of the host: `eno1`. */
  | { readonly kind: "macvtap"; readonly device: string }
  /** A network of libvirt, whose bridge or interface stands in the XML of a running VM alone. */
  | { readonly kind: "network"; readonly network: string }
  /** Anything else: `user`, `ethernet`, `vhostuser`, `vdpa`, `udp`, … */
  | { readonly kind: "other"; readonly type: string };

const Interface = z.object({
  "@type": Attribute,
  source: element(z.object({ "@bridge": Attribute, "@dev": Attribute, "@network": Attribute })),
});

/**
 * Reads an `<interface>` (libvirt docs/formatdomain.rst, 10.0, "Network interfaces"); undefined for one that is a PCI
 * function of the host. Throws where that cannot be told.
 */
export function readInterface(element: unknown): VmInterface | undefined {
  const { "@type": type = "", source } = Interface.parse(element);
  if (type === "hostdev") return undefined;
  const { "@bridge": bridge, "@dev": device, "@network": network } = source ?? {};
  if (bridge !== undefined && (type === "bridge" || type === "network")) return { kind: "bridge", bridge };
  if (device !== undefined && (type === "direct" || type === "network")) return { kind: "macvtap", device };
  return type === "network" && network !== undefined ? { kind: "network", network } : { kind: "other", type };
}
