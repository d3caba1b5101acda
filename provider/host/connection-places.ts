/** Something that has an open connection, and can do without it while it is idle. */
export interface Connected {
  readonly isIdle: boolean;
  /** Closes the connection; whoever opened it leaves its place then. */
  giveUp(): void;
}

/** The places of open connections. When all are taken, connections that are idle make room. */
export class ConnectionPlaces {
  /** The longest taken first. */
  private readonly taken = new Set<{ readonly by: Connected }>();
  private readonly waiting: (() => void)[] = [];

  /**
   * Waits for a place, and resolves with the function that leaves it. `most`: how many there are; Infinity never waits.
   */
  async take(by: Connected, most: number): Promise<() => void> {
    while (this.taken.size >= most) {
      const turn = new Promise<void>((resolve) => this.waiting.push(resolve));
      [...this.taken].find(({ by }) => by.isIdle)?.by.giveUp();
      await turn;
    }
    const place = { by };
    this.taken.add(place);
    return () => {
      if (this.taken.delete(place)) this.waiting.shift()?.();
    };
  }

  /** To be called by what has become idle. */
  makeRoom(idle: Connected): void {
    if (this.waiting.length > 0) idle.giveUp();
  }
}
