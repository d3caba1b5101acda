import type { Xapi } from "../facts/xapi";

/** What to do about each error message of xe (xen-api, newcli.ml and datamodel_errors.ml, 1.60 to 26.1). */
const ADVICE: readonly (readonly [RegExp, (coordinator: string) => string])[] = [
  [
    /emergency mode/,
    (coordinator) =>
      `This pool member has lost its coordinator ${coordinator}. If another host is the coordinator now, run "xe pool-recover-slaves" there; if none is, run "xe pool-emergency-transition-to-master" on the host that should become the coordinator`,
  ],
  [
    /regular API calls directly on a|its own (slave|supporter|pool member)|coordinator|pool master|could not be contacted|cannot be contacted/i,
    (coordinator) =>
      `Its coordinator is ${coordinator} (/etc/xensource/pool.conf). If another host is the coordinator now, run "xe pool-recover-slaves" there`,
  ],
  [/still (initiali[sz]ing|booting)/i, () => "Wait until it has started, and try again"],
  [
    /Connection refused|Lost connection|contact server|contact a running management agent|No such file/,
    () => 'It is starting or down: wait a moment and try again, or run "xe-toolstack-restart" on the host',
  ],
];

/** Why XAPI cannot be asked about its pool, and what to do. */
export function whyNoXapi(xapi: Xapi, said: string): string {
  const [, advice] = ADVICE.find(([words]) => words.test(said)) ?? [];
  const coordinator = xapi.coordinator ?? "named in /etc/xensource/pool.conf";
  return `XAPI does not answer. xe says: ${said || "nothing"}${advice ? `\n${advice(coordinator)}` : ""}`;
}
