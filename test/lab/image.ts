import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** A disk with Debian 12 and Xen 4.17 that hosts are booted from, and what goes with it. Never written to. */
export interface LabImage {
  /** A qcow2 file; the backing file of every host's own disk. */
  readonly disk: string;
  /** For a boot without GRUB. */
  readonly kernel: string;
  readonly initrd: string;
  /** The private key that root is logged in with. */
  readonly identityFile: string;
  /** `SHA256:…` of the host's ed25519 key. */
  readonly hostKey: string;
}

/** What the recipe leaves in an image's folder. */
export const IMAGE_FILES = ["disk.qcow2", "vmlinuz", "initrd", "identity", "host-key.pub"];

export function readImage(folder: string): LabImage {
  return {
    disk: path.join(folder, "disk.qcow2"),
    kernel: path.join(folder, "vmlinuz"),
    initrd: path.join(folder, "initrd"),
    identityFile: path.join(folder, "identity"),
    hostKey: fingerprint(fs.readFileSync(path.join(folder, "host-key.pub"), "utf8")),
  };
}

/** `SHA256:…` of a public key in OpenSSH's one-line format, as `ssh-keygen -l` prints it. */
function fingerprint(publicKey: string): string {
  const [, blob = ""] = publicKey.split(" ");
  return `SHA256:${createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64").replace(/=+$/, "")}`;
}
