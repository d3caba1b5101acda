/** Who reads a VM configuration: xl has a grammar of its own, and to xm the same file is a Python script. */
import { parseXlSyntax, type XlSyntax } from "./xl-config-syntax";
import type { XlConfigError } from "./xl-config-tokens";
import { parseXmSyntax } from "./xm-config-syntax";

export interface ConfigLanguage {
  readonly reader: "xl" | "xm";
  /** Never throws. */
  parse(text: string): XlSyntax | XlConfigError;
}

export const XL_LANGUAGE: ConfigLanguage = { reader: "xl", parse: parseXlSyntax };

export const XM_LANGUAGE: ConfigLanguage = { reader: "xm", parse: parseXmSyntax };
