import type { MapState } from "../provider/plan/inventory/host-map";
import { escapeXml, mapPicture } from "./map-picture";

/** The map of a host as one HTML file without scripts. A switch shows one state; printed, all are there. */
export function mapPage(name: string, states: readonly MapState[]): string {
  const switches = states.map(
    ({ title }, index) =>
      `<input type="radio" name="state" id="show-${index}"${index === 0 ? " checked" : ""}><label for="show-${index}">${title}</label>`,
  );
  const shows = states.map((_, index) => `#show-${index}:checked ~ #state-${index}`).join(", ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PCI devices of ${escapeXml(name)}</title>
<style>
${STYLE}${shows} { display: block; }
@media print { input, label { display: none; } section { display: block; break-after: page; } svg { min-width: 0; } }
</style>
</head>
<body>
<h1>PCI devices of ${escapeXml(name)}</h1>
${switches.join("\n")}
${states.map(section).join("\n")}
</body>
</html>
`;
}

function section(state: MapState, index: number): string {
  const changes = [...new Set(state.functions.flatMap((shown) => shown.changes))];
  const reasons = [
    ...new Set(
      state.functions
        .filter(({ isBridge, vms }) => !isBridge && vms.length === 0)
        .flatMap(({ refusals }) => refusals.map(({ message }) => message)),
    ),
  ];
  return `<section id="state-${index}">
<h2>${state.title}</h2>
<div class="picture">${mapPicture(state)}</div>
${list("What changes", changes)}${list("Why not", reasons)}</section>`;
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<h3>${title}</h3>\n<ul>\n${lines.map((line) => `<li>${escapeXml(line)}</li>`).join("\n")}\n</ul>\n`;
}

const STYLE = `:root {
  color-scheme: light dark;
  --paper: light-dark(#fff, #16181d); --ink: light-dark(#1d2129, #e4e6eb); --quiet: light-dark(#5b6473, #a0a8b6);
  --line: light-dark(#c3cad3, #485060); --wash: light-dark(#f4f6f8, #20242b);
  --yes: light-dark(#1a7a3c, #6cd08f); --no: light-dark(#b3261e, #f28b82); --given: light-dark(#0b5fb0, #7fb5f5);
}
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; } h3 { font-size: 1rem; }
input { accent-color: var(--given); } label { margin: 0 1.2rem 0 0.3rem; white-space: nowrap; }
section { display: none; } .picture { overflow-x: auto; } svg { width: 100%; min-width: 46rem; height: auto; font: 13px system-ui, sans-serif; }
svg text { fill: var(--ink); } svg .quiet { fill: var(--quiet); } svg .heading { font-weight: 650; fill: var(--quiet); }
svg .address { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-weight: 600; }
.box, .use, .vm { fill: var(--wash); stroke: var(--line); } .group { fill: none; stroke: var(--quiet); stroke-dasharray: 5 4; }
.vm.has { stroke: var(--given); } .route { stroke: var(--no); stroke-width: 2; }
.link { fill: none; stroke: var(--line); stroke-width: 1.5; } .link.later { stroke-dasharray: 5 4; } .link.route { stroke: var(--no); stroke-width: 2; }
svg .yes .verdict { fill: var(--yes); } svg .no .verdict { fill: var(--no); } svg .given .verdict { fill: var(--given); }
.given .link:not(.route) { stroke: var(--given); } .changed .box { stroke: var(--given); stroke-width: 2.5; }
.function:hover .box, .function:focus .box { stroke: var(--ink); stroke-width: 2; } .function:focus { outline: none; }
.function:hover .link, .function:focus .link { stroke-width: 3; }
`;
