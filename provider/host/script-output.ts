/** What a script says, as bytes in Latin-1 characters, after the noise of the login files in front of it. */
export class ScriptOutput {
  /** What the preface of a script prints first, with the user's name behind it. */
  static readonly START = "pulumi-pci-passthrough runs as";

  private readonly outChunks: string[] = [];
  private readonly errChunks: string[] = [];
  private unfinishedLine = "";

  /** What came before the script began. */
  noise = "";
  /** Who the script runs as; undefined when it never began. */
  user: string | undefined;

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  get stdout(): string {
    return this.outChunks.join("");
  }

  get stderr(): string {
    return this.errChunks.join("");
  }

  out(bytes: Buffer): void {
    const text = bytes.toString("latin1");
    if (this.user !== undefined) {
      this.said(text);
      return;
    }
    this.noise += text;
    const start = this.noise.indexOf(`${ScriptOutput.START} `);
    const end = start < 0 ? -1 : this.noise.indexOf("\n", start);
    if (end < 0) return;
    this.user = this.noise.slice(start + ScriptOutput.START.length + 1, end);
    const rest = this.noise.slice(end + 1);
    this.noise = this.noise.slice(0, start);
    this.said(rest);
  }

  err(bytes: Buffer): void {
    this.errChunks.push(bytes.toString("latin1"));
  }

  private said(text: string): void {
    this.outChunks.push(text);
    if (!this.onLine) return;
    const lines = (this.unfinishedLine + text).split("\n");
    this.unfinishedLine = lines.pop() ?? "";
    for (const line of lines) this.onLine(line);
  }
}
