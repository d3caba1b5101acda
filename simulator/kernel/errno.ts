/** What the kernel's error numbers read as, in glibc's words (strerror(3), glibc 2.36, C locale). */
const ERRNO_TEXT = {
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  EINVAL: "Invalid argument",
  EIO: "Input/output error",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENODEV: "No such device",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Operation not permitted",
  EOPNOTSUPP: "Operation not supported",
  ERANGE: "Numerical result out of range",
  EROFS: "Read-only file system",
  ESRCH: "No such process",
} as const;

/** The names of errors that system calls here end with. */
export type ErrnoCode = keyof typeof ERRNO_TEXT;

/**
 * A system call of the simulated host failed. Thrown by the kernel and file models, caught by commands and the shell.
 */
export class Errno extends Error {
  override readonly name = "Errno";

  constructor(
    readonly code: ErrnoCode,
    readonly path?: string,
  ) {
    // Looking for files ends so thousands of times a run, and where it was thrown nobody asks.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${ERRNO_TEXT[code].toLowerCase()}${path === undefined ? "" : `, '${path}'`}`);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** As a program prints it: `No such device`. */
  get text(): string {
    return ERRNO_TEXT[this.code];
  }
}

/** Runs a system call and gives back its error instead of throwing it. */
export function errnoOf(call: () => void): Errno | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof Errno) return error;
    throw error;
  }
}
