import { z } from "zod";
import { PassthroughError } from "../errors";
import { connectionPool } from "../host/connection-pool";
import { HostInput } from "../plan/inputs/host-input";
import { type DeviceReport, deviceReports } from "../plan/inventory/device-report";
import { createHosts } from "./hosts";
import { questionsOf } from "./questions";

/** Reads a host, and reports on all its functions. Throws PassthroughError, for bad input too. */
export async function reportDevices(host: unknown): Promise<readonly DeviceReport[]> {
  const checked = HostInput.safeParse(host);
  if (!checked.success) throw new PassthroughError(`Unable to ask the host: ${z.prettifyError(checked.error)}`);
  try {
    const facts = await createHosts()(checked.data).facts("work", questionsOf(checked.data, []));
    return deviceReports(facts, checked.data);
  } finally {
    await connectionPool.closeAll();
  }
}
