/** One text file of the host, byte for byte (Latin-1 characters). */
export interface TextFile {
  /** As it was asked for; it may be a symbolic link. */
  readonly path: string;
  /** What the path leads to: this is what an edit replaces. */
  readonly target: string;
  readonly text: string;
}
