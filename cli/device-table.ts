import { sentence } from "../provider/errors";
import type { DeviceReport } from "../provider/plan/inventory/device-report";
import { hanging } from "./hanging-text";
import { verdictOf } from "./verdict";

const HEADINGS = ["ADDRESS", "GROUP", "WHAT IT IS", "DRIVER", "THE HOST HAS ON IT", "CAN BE GIVEN"] as const;

/** No label is cut to less, however narrow the terminal. */
const SHORTEST_LABEL = 24;

/**
 * A table of functions for people, and below it why some cannot be given; ends with a newline. Where its lines would have
 * more than `columns` characters, labels are cut; where that is not enough, what is long gets lines of its own.
 */
export function deviceTable(reports: readonly DeviceReport[], columns = Number.POSITIVE_INFINITY): string {
  const longest = Math.max(0, ...reports.map(({ label }) => label.length));
  const whole = tableOf(reports, longest);
  const over = Math.max(...whole.map((line) => line.length)) - columns;
  const short = longest - over;
  const table = over <= 0 ? whole : short >= SHORTEST_LABEL ? tableOf(reports, short) : narrowTable(reports, columns);
  const reasons = [...new Set(reports.flatMap(({ refusals }) => refusals.map(({ message }) => sentence(message))))];
  const because = reasons.map((reason) => hanging("- ", reason, columns));
  return `${[...table, ...(because.length > 0 ? ["", "Why not:", ...because] : [])].join("\n")}\n`;
}

function narrowTable(reports: readonly DeviceReport[], columns: number): readonly string[] {
  const rows = reports.map((report) => [
    report.address,
    report.iommuGroup ?? "",
    report.driver ?? "-",
    verdictOf(report).text,
  ]);
  const [headings = "", ...lines] = align([["ADDRESS", "GROUP", "DRIVER", "CAN BE GIVEN"], ...rows]);
  const below = reports.map(({ label, uses }) => [label, ...uses].map((text) => hanging("    ", text, columns)));
  return [headings, ...lines.flatMap((line, row) => [line, ...(below[row] ?? [])])];
}

function tableOf(reports: readonly DeviceReport[], longest: number): readonly string[] {
  const rows = reports.map((report) => [
    report.address,
    report.iommuGroup ?? "",
    report.label.length > longest ? `${report.label.slice(0, longest - 1)}…` : report.label,
    report.driver ?? "-",
    report.uses.join("; ") || "-",
    verdictOf(report).text,
  ]);
  return align([[...HEADINGS], ...rows]);
}

/** Pads all columns but the last. A column in which nothing stands below its heading is left out. */
function align(rows: readonly (readonly string[])[]): readonly string[] {
  const [headings = []] = rows;
  const columns = headings.map((_, column) => rows.map((row) => row[column] ?? ""));
  const filled = columns.filter(([, ...cells]) => cells.some((cell) => cell !== ""));
  const widths = filled.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  return rows.map((_, row) =>
    filled
      .map((cells, column) =>
        column === filled.length - 1 ? (cells[row] ?? "") : (cells[row] ?? "").padEnd(widths[column] ?? 0),
      )
      .join("  "),
  );
}
