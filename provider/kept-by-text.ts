/**
 * A reader of texts that keeps what it made of them, since every plan reads the files of a host again. When it has kept
 * `most`, it forgets all.
 */
export function keptByText<Read extends object>(most: number, read: (text: string) => Read): (text: string) => Read {
  const kept = new Map<string, Read>();
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const made = read(text);
    if (kept.size >= most) kept.clear();
    kept.set(text, made);
    return made;
  };
}
