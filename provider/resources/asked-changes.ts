/** Counts the changes that the engine asks for, of all hosts of a run. */
export class AskedChanges {
  private asked = 0;
  private lastAt = 0;
  private readonly waiting = new Set<() => void>();

  get count(): number {
    return this.asked;
  }

  /** Gives the count with this one. */
  note(): number {
    this.asked += 1;
    this.lastAt = Date.now();
    for (const tell of this.waiting) tell();
    return this.asked;
  }

  /** Waits for the next one; false when none has come for so many milliseconds since the last. */
  next(silenceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (comes: boolean) => {
        clearTimeout(limit);
        this.waiting.delete(tell);
        resolve(comes);
      };
      const tell = () => end(true);
      const limit = setTimeout(() => end(false), this.lastAt + silenceMs - Date.now());
      this.waiting.add(tell);
    });
  }
}
