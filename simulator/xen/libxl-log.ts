import type { Errno } from "../kernel/errno";

type Level = "info" | "warning" | "error";

/**
 * What libxl prints on standard error: `libxl: error: libxl_pci.c:910:function: text` (tools/libs/toolcore,
 * xtl_core.c).
 */
export class LibxlLog {
  text = "";

  /** `where` is file, line and function of Xen 4.17; `domain` is the domain that the text is about. */
  say(
    level: Level,
    where: string,
    message: string,
    more: { readonly domain?: number; readonly errno?: Errno } = {},
  ): void {
    const about = more.domain === undefined ? "" : `Domain ${more.domain}:`;
    const because = more.errno ? `: ${more.errno.text}` : "";
    this.text += `libxl: ${level}: ${where}: ${about}${message}${because}\n`;
  }
}

/** libxl_types.idl, 4.17. */
export const RC = { FAIL: -3, INVAL: -6, NOTFOUND: -23 } as const;

/** 0, or why libxl failed. */
export type Rc = 0 | (typeof RC)[keyof typeof RC];
