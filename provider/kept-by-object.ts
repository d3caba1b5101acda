/** A reader that keeps what it made of an object as long as the object lives: for objects that never change. */
export function keptByObject<Of extends object, Read extends object>(read: (of: Of) => Read): (of: Of) => Read {
  const kept = new WeakMap<Of, Read>();
  return (of) => {
    const known = kept.get(of) ?? read(of);
    kept.set(of, known);
    return known;
  };
}
