/** What lasts: claims, and the text of files before our first edit. */
export const STATE_FOLDER = "/var/lib/pulumi-pci-passthrough";

/** What counts until the next boot alone; hosts empty /var/run then (Filesystem Hierarchy Standard 3.0, 3.15). */
export const RUN_FOLDER = "/var/run/pulumi-pci-passthrough";

/** The file of a claim. */
export function claimPath(key: string): string {
  return `${STATE_FOLDER}/claims/${key.replaceAll("/", ",")}`;
}

/** The file that notes a removal. */
export function removalPath(key: string): string {
  return `${RUN_FOLDER}/removed/${key.replaceAll("/", ",")}`;
}
