import { z } from "zod";
import { ConnectionError, PassthroughError } from "../errors";
import { HostInput } from "../plan/inputs/host-input";
import { type PciDeviceFilter, type PciDeviceInfo, pciDeviceInfos } from "../plan/inventory/pci-device-info";
import { createHosts } from "./hosts";
import { questionsOf } from "./questions";

const Query = z.strictObject({
  host: HostInput,
  filter: z
    .strictObject({
      id: z
        .string()
        .regex(/^[0-9a-f]{4}(:[0-9a-f]{4})?$/i, 'must be as "lspci -n" prints it, such as "8086:10d3" or "8086"')
        .optional(),
      class: z
        .string()
        .regex(/^[0-9a-f]{1,6}$/i, 'must be a class code or its beginning, such as "02" or "0300"')
        .optional(),
      driver: z.string().optional(),
      label: z.string().optional(),
      assignable: z.boolean().optional(),
      vm: z.string().optional(),
    } satisfies { readonly [name in keyof PciDeviceFilter]-?: z.ZodType })
    .optional(),
});

/** The devices of a host that match a query, or why the host was not reached. */
export type QueryResult =
  | { readonly kind: "devices"; readonly devices: PciDeviceInfo[] }
  /** The host was not reached at all: a preview may go on without it. */
  | { readonly kind: "unreached"; readonly reason: string };

/**
 * Reads a host and filters its devices. Each call reads it again, since other processes change it.
 * Throws PassthroughError.
 * @public sdk/get-pci-devices.ts requires it by name, when it is called.
 */
export async function queryPciDevices(query: unknown): Promise<QueryResult> {
  const checked = Query.safeParse(query);
  if (!checked.success) throw new PassthroughError(`Unable to ask for PCI devices: ${z.prettifyError(checked.error)}`);
  const { host, filter = {} } = checked.data;
  try {
    const facts = await createHosts()(host).facts("preview", questionsOf(host, []));
    return { kind: "devices", devices: pciDeviceInfos(facts, filter) };
  } catch (error) {
    if (error instanceof ConnectionError && error.unreached) return { kind: "unreached", reason: error.message };
    throw error;
  }
}
