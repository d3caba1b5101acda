import type { Bag } from "../plan/kind";

/**
 * What the host says of the outputs with these names, which are not as they should be; undefined without any. Where simple
 * values are among them, those alone: a list differs with them, and is more than people read at a glance.
 */
export function driftOf(found: Bag, names: readonly string[]): Bag | undefined {
  const values = names.filter((name) => typeof found[name] !== "object");
  const drift = pick(found, values.length > 0 ? values : names);
  return Object.keys(drift).length > 0 ? drift : undefined;
}

/** The members of a bag with these names, as far as it has them. */
export function pick(bag: Bag, names: readonly string[]): Bag {
  return Object.fromEntries(names.flatMap((name) => (name in bag ? [[name, bag[name]]] : [])));
}

/** The value without `undefined` anywhere, which would make the engine lose a resource that was created. */
export function plain(value: unknown): Bag {
  return JSON.parse(JSON.stringify(value)) as Bag;
}
