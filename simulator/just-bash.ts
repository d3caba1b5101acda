/** The library, as its types declare it. */
export type JustBash = typeof import("just-bash", { with: { "resolution-mode": "require" }});

/** The shell that the simulated hosts run; an optional peer dependency, since only the simulator needs it. */
export function loadJustBash(): JustBash {
  try {
    return require("just-bash") as JustBash;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(
      'unable to start a simulated host: the package "just-bash" is not installed; run: npm install --save-dev just-bash@^3.4.2',
      { cause: error },
    );
  }
}
