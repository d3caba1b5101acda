/** The languages of VM configuration files: xl has its own grammar; to xm the same file is a Python script. */
import { parseXlSyntax, type XlSyntax } from "./xl-config-syntax";
import type { XlConfigError } from "./xl-config-tokens";
import { parseXmSyntax } from "./xm-config-syntax";

/** A language of VM configuration files, by the program that reads them. */
export interface ConfigLanguage {
  readonly reader: "xl" | "xm";
  /** Parses a file (Latin-1). Never throws. */
  parse(text: string): XlSyntax | XlConfigError;
}

/** The grammar of libxlu. */
export const XL_LANGUAGE: ConfigLanguage = { reader: "xl", parse: parseXlSyntax };

/** Python, as far as it can be read without running it. */
export const XM_LANGUAGE: ConfigLanguage = { reader: "xm", parse: parseXmSyntax };
