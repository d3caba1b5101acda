/** The folder for what lasts: claims, and the original text of edited files. */
export const STATE_FOLDER = "/var/lib/pulumi-pci-passthrough";

/**
 * The folder for what counts only until the next boot, when hosts empty /var/run (Filesystem Hierarchy Standard 3.0,
 * 3.15).
 */
export const RUN_FOLDER = "/var/run/pulumi-pci-passthrough";
