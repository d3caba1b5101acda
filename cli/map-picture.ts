import type { MapFunction, MapState } from "../provider/plan/inventory/host-map";
import type { VmReport } from "../provider/plan/inventory/vm-report";
import { type TreeRow, treeRows } from "./map-tree";
import { cutToWidth } from "./text-width";
import { verdictOf } from "./verdict";

const WIDTH = 1180;
/** The columns, in pixels: the PCI tree, what hangs from each function, the VMs. */
const TREE = { x: 12, width: 470, indent: 16 };
const USES = { x: 545, width: 295 };
const VMS = { x: 925, width: 243 };
const TOP = 44;
const GAP = 10;
const LINE = 18;
/** The size of the font, in pixels: see the style of the page. */
const FONT = 13;
const PADDING = 12;
/** Of an address in the fixed-width font, with the space behind it. */
const ADDRESS_WIDTH = 13 * 8;

interface Placed extends TreeRow {
  readonly y: number;
  readonly height: number;
}

/** The picture of a host at one time, as SVG: three columns, with lines between what belongs together. */
export function mapPicture(state: MapState): string {
  const rows = placeRows(treeRows(state));
  const vms = placeVms(state.vms, rows);
  const bottom = Math.max(...rows.map(({ y, height }) => y + height), ...vms.map(({ y }) => y + VM_HEIGHT), TOP);
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + GAP + 6}" role="img" aria-label="Devices and VMs ${state.title}">
${heading(TREE.x, "PCI tree")}${heading(USES.x, "What the host has on it")}${heading(VMS.x, "VMs")}
${groupOutlines(rows).join("\n")}
${rows.map((row) => functionBox(row, vms)).join("\n")}
${vms.map(vmBox).join("\n")}
</svg>`;
}

function heading(x: number, text: string): string {
  return `<text class="heading" x="${x}" y="22">${text}</text>`;
}

function placeRows(rows: readonly TreeRow[]): readonly Placed[] {
  let y = TOP;
  return rows.map((row) => {
    const height = row.function.isBridge ? 28 : Math.max(66, row.function.uses.length * LINE + 28);
    const placed = { ...row, y, height };
    y += height + GAP;
    return placed;
  });
}

const VM_HEIGHT = 44;

interface PlacedVm {
  readonly vm: VmReport;
  readonly y: number;
}

/** Each beside the first function that it has, those without one below; none over another. */
function placeVms(vms: readonly VmReport[], rows: readonly Placed[]): readonly PlacedVm[] {
  const wanted = vms.map((vm) => {
    const first = rows.find((row) => vm.functions.some(({ address }) => address === row.function.address));
    return { vm, y: first?.y ?? Number.POSITIVE_INFINITY };
  });
  let free = TOP;
  return wanted
    .sort((a, b) => a.y - b.y)
    .map(({ vm, y }) => {
      const top = Math.max(free, Number.isFinite(y) ? y : free);
      free = top + VM_HEIGHT + GAP;
      return { vm, y: top };
    });
}

/** A line around functions that stand one below the other and belong to one IOMMU group. */
function groupOutlines(rows: readonly Placed[]): readonly string[] {
  const groups = new Map<string, Placed[]>();
  for (const row of rows) {
    const { iommuGroup, isBridge } = row.function;
    if (iommuGroup !== undefined && !isBridge) groups.set(iommuGroup, [...(groups.get(iommuGroup) ?? []), row]);
  }
  return [...groups].flatMap(([group, [first, ...more]]) => {
    const last = more.at(-1);
    if (!first || !last) return [];
    const x = TREE.x + first.depth * TREE.indent - 5;
    const height = last.y + last.height - first.y + 8;
    return [
      `<g><title>IOMMU group ${escapeXml(group)}: a VM gets all of it or nothing</title><rect class="group" x="${x}" y="${first.y - 4}" width="${TREE.x + TREE.width - x + 5}" height="${height}" rx="8"/></g>`,
    ];
  });
}

function functionBox(row: Placed, vms: readonly PlacedVm[]): string {
  const { function: shown, depth, y, height } = row;
  const x = TREE.x + depth * TREE.indent;
  const width = TREE.x + TREE.width - x;
  const room = width - 2 * PADDING;
  if (shown.isBridge)
    return `<g><title>${escapeXml(shown.label)}</title><text class="quiet" x="${x}" y="${y + 18}"><tspan class="address">${shown.address}</tspan> ${fit(shown.label, room - ADDRESS_WIDTH)}</text></g>`;
  const verdict = verdictOf(shown);
  const group = shown.iommuGroup === undefined ? "" : `, IOMMU group ${shown.iommuGroup}`;
  const title = [shown.label, ...shown.refusals.map(({ message }) => message), ...shown.changes].join("\n");
  return `<g class="function ${verdict.kind}${shown.changes.length > 0 ? " changed" : ""}" tabindex="0"><title>${escapeXml(title)}</title>
<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>
<text class="address" x="${x + 12}" y="${y + 20}">${shown.address}</text>
<text class="verdict" x="${x + width - 12}" y="${y + 20}" text-anchor="end">${fit(verdict.text, room - ADDRESS_WIDTH)}</text>
<text x="${x + 12}" y="${y + 39}">${fit(shown.label, room)}</text>
<text class="quiet" x="${x + 12}" y="${y + 57}">${fit(`${shown.driver ? `driver ${shown.driver}` : "no driver"}${group}`, room)}</text>
${usesBox(shown, row)}${vmLinks(shown, row, vms)}</g>`;
}

function usesBox({ uses }: MapFunction, { y }: Placed): string {
  if (uses.length === 0) return "";
  const isRoute = uses.includes("the SSH session");
  const lines = uses.map(
    (use, index) =>
      `<text x="${USES.x + 12}" y="${y + 20 + index * LINE}"><title>${escapeXml(use)}</title>${fit(use, USES.width - 2 * PADDING)}</text>`,
  );
  return `<path class="link${isRoute ? " route" : ""}" d="M${TREE.x + TREE.width} ${y + 16} H${USES.x}"/>
<rect class="use${isRoute ? " route" : ""}" x="${USES.x}" y="${y}" width="${USES.width}" height="${uses.length * LINE + 14}" rx="6"/>
${lines.join("\n")}
`;
}

function vmLinks({ address }: MapFunction, { y, height }: Placed, vms: readonly PlacedVm[]): string {
  return vms
    .flatMap(({ vm, y: vmY }) => {
      const has = vm.functions.find((held) => held.address === address);
      if (!has) return [];
      const below = y + height - 6;
      const past = USES.x + USES.width;
      const path = `M${TREE.x + TREE.width} ${below} H${past} ${curve(past, below, VMS.x, vmY + VM_HEIGHT / 2)}`;
      return [`<path class="link${has.active ? "" : " later"}" d="${path}"/>\n`];
    })
    .join("");
}

function vmBox({ vm, y }: PlacedVm): string {
  const later = vm.functions.some(({ active }) => !active);
  const what = `${vm.running ? "running" : "off"}${later ? ", device at next start" : ""}`;
  return `<g><title>${escapeXml(vm.name)}</title><rect class="vm${vm.functions.length > 0 ? " has" : ""}" x="${VMS.x}" y="${y}" width="${VMS.width}" height="${VM_HEIGHT}" rx="6"/>
<text class="address" x="${VMS.x + 12}" y="${y + 18}">${fit(vm.name, VMS.width - 2 * PADDING)}</text>
<text class="quiet" x="${VMS.x + 12}" y="${y + 35}">${fit(what, VMS.width - 2 * PADDING)}</text></g>`;
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}

/** The text as XML, cut to a width in pixels. */
function fit(text: string, width: number): string {
  return escapeXml(cutToWidth(text, width / FONT));
}

/** A text as it stands in XML and HTML. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
