import { ConnectionError, PassthroughError } from "../errors";
import type { PciDeviceInfo } from "../plan/inventory/device-info";
import { getPciDevices } from "../plan/inventory/get-pci-devices";
import { pciDeviceInfos } from "../plan/inventory/pci-device-info";
import { createHosts } from "./hosts";
import { failuresOf, IN_WORDS, inOneLine } from "./input-failures";
import { questionsOf } from "./questions";

/** The devices of a host that match a query, or why the host was not reached. */
export type QueryResult =
  | { readonly kind: "devices"; readonly devices: PciDeviceInfo[] }
  /** `unreached`: not at all, and a preview may go on without it. `refused`: the query is wrong, or the host said no. */
  | { readonly kind: "unreached" | "refused"; readonly reason: string };

/**
 * Reads a host and filters its devices. Each call reads it again, since other processes change it.
 * @public sdk/get-pci-devices.ts requires it by name, when it is called.
 */
export async function queryPciDevices(query: unknown): Promise<QueryResult> {
  const checked = getPciDevices.inputs.safeParse(query, IN_WORDS);
  if (!checked.success) {
    const failures = failuresOf(checked.error, query, getPciDevices.inputs);
    return { kind: "refused", reason: `Unable to list PCI devices: ${inOneLine(failures)}.` };
  }
  const { host, filter = {} } = checked.data;
  try {
    const facts = await createHosts()(host).facts("preview", questionsOf(host, []));
    return { kind: "devices", devices: pciDeviceInfos(facts, filter) };
  } catch (error) {
    if (!(error instanceof PassthroughError)) throw error;
    const unreached = error instanceof ConnectionError && error.unreached;
    return { kind: unreached ? "unreached" : "refused", reason: error.message };
  }
}
