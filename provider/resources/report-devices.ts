import { type DeviceReport, deviceReports } from "../plan/inventory/device-report";
import { withHost } from "./asked-host";
import { questionsOf } from "./questions";

/** Reads a host, and reports on all its functions. Throws PassthroughError, for bad input too. */
export function reportDevices(host: unknown): Promise<readonly DeviceReport[]> {
  return withHost(host, async (asked, input) =>
    deviceReports(await asked.facts("work", questionsOf(input, [])), input),
  );
}
