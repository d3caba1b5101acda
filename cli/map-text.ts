import type { MapFunction, MapState } from "../provider/plan/inventory/host-map";
import type { VmReport } from "../provider/plan/inventory/vm-report";
import { treeRows } from "./map-tree";
import { verdictOf } from "./verdict";

/** The map of a host as text: the tree as it is now, and what is other later; ends with a newline. */
export function mapText(name: string, [now, ...later]: readonly MapState[]): string {
  if (!now) return "";
  const tree = treeRows(now).flatMap((row) => {
    const indent = "  ".repeat(row.depth);
    const { address, label, isBridge } = row.function;
    return [`  ${indent}${address}  ${label}`, ...(isBridge ? [] : [`  ${indent}    ${stateOf(row.function)}`])];
  });
  const lines = [`${name}, now`, ...tree, ...vmLines(now.vms), ...later.flatMap((state) => changed(now, state))];
  return `${lines.join("\n")}\n`;
}

function stateOf(shown: MapFunction): string {
  const { driver, iommuGroup, uses } = shown;
  const group = iommuGroup === undefined ? [] : [`group ${iommuGroup}`];
  const { kind, text } = verdictOf(shown);
  const verdict = kind === "given" ? text : `can be given: ${text}`;
  return [`driver ${driver ?? "none"}`, ...group, ...uses, verdict].join(" | ");
}

function vmLines(vms: readonly VmReport[]): readonly string[] {
  return vms.length === 0 ? [] : ["VMs", ...vms.map((vm) => `  ${vmLine(vm)}`)];
}

function vmLine({ name, running, functions }: VmReport): string {
  const has = functions.map(
    ({ address, active, configured }) =>
      `${address} ${active && configured ? "now and at its next start" : active ? "now" : "at its next start"}`,
  );
  return `${name} (${running ? "running" : "off"}): ${has.join(", ") || "no device"}`;
}

function changed(now: MapState, later: MapState): readonly string[] {
  const lines = later.functions.flatMap((then) => {
    const before = now.functions.find(({ address }) => address === then.address);
    const [was, is] = [before ? stateOf(before) : "not there", stateOf(then)];
    return was === is ? [] : [`  ${then.address}  ${is}`, ...then.changes.map((line) => `      ${line}`)];
  });
  const vms = later.vms.map(vmLine).filter((line) => !now.vms.map(vmLine).includes(line));
  const all = [...lines, ...vms.map((line) => `  ${line}`)];
  return [`${later.title}`, ...(all.length > 0 ? all : ["  as now"])];
}
