import type { MapFunction, MapState } from "../provider/plan/inventory/host-map";

/** A function in the PCI tree. */
export interface TreeRow {
  readonly function: MapFunction;
  /** How many bridges of the tree are above it. */
  readonly depth: number;
}

/** The functions that can be given away and the bridges above them, each bridge before what hangs from it. */
export function treeRows({ functions }: MapState): readonly TreeRow[] {
  const ends = functions.filter(({ isBridge }) => !isBridge);
  const above = new Set<string>(ends.flatMap(({ bridges }) => bridges));
  const shown = functions.filter(({ isBridge, address }) => !isBridge || above.has(address));
  const place = ({ bridges, address }: MapFunction) => [...bridges, address].join("/");
  return [...shown]
    .sort((a, b) => place(a).localeCompare(place(b)))
    .map((shownFunction) => ({
      function: shownFunction,
      depth: shownFunction.bridges.filter((bridge) => functions.some(({ address }) => address === bridge)).length,
    }));
}
