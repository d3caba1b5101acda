import { ConnectionError } from "../errors";
import { quote } from "../shell";
import type { Urn } from "./urn";

/** The error of a removal, with the way out where its host was not reached: a host that is gone for good never is. */
export function withWayOut(error: unknown, urn: Urn): unknown {
  if (!(error instanceof ConnectionError && error.unreached)) return error;
  const { failure, message, purpose, host } = error;
  const wayOut = `If the host is gone for good, forget the resource: pulumi state delete ${quote(urn.text)}`;
  return new ConnectionError(failure, `${message}\n${wayOut}`, { purpose, host, cause: error });
}
