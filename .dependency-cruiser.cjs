/**
 * Imports go in one direction: pci <- vm-text, boot, claims <- facts <- steps <- script, plan <- resources <- adapters; host/ is the only
 * input and output. In plan: its own files and guards <- hide <- toolstacks <- kinds, inventory.
 */
const ROOT = "^provider/(errors|shell|bytes|printable|likeness|kept-by-text|kept-by-object|same-value)\\.ts$";
const PLAN = "^provider/plan/[^/]+\\.ts$";
const BELOW_PLAN = "^provider/(pci|vm-text|boot|claims|facts|steps)/";

const only = (name, from, ...allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: "^(sdk|provider|simulator|cli)/", pathNot: allowed },
});

module.exports = {
  forbidden: [
    only("pci-imports-nothing", "^provider/pci/", "^provider/pci/", ROOT),
    only("vm-text-imports-nouns", "^provider/vm-text/", "^provider/(pci|vm-text)/", ROOT),
    only("boot-imports-nouns", "^provider/boot/", "^provider/(pci|boot)/", ROOT),
    only("claims-import-nouns", "^provider/claims/", "^provider/(pci|claims)/", ROOT),
    only("facts-import-texts", "^provider/facts/", "^provider/(pci|vm-text|boot|claims|facts)/", ROOT),
    only("steps-import-facts", "^provider/steps/", "^provider/(pci|vm-text|boot|claims|facts|steps)/", ROOT),
    only("script-imports-steps", "^provider/script/", "^provider/(claims|facts|steps|script)/", ROOT),
    only("plan-imports-steps", `${PLAN}|^provider/plan/guards/`, `${BELOW_PLAN}|${PLAN}|^provider/plan/guards/`, ROOT),
    only("hide-imports-plan", "^provider/plan/hide/", `${BELOW_PLAN}|^provider/plan/([^/]+\\.ts$|guards/|hide/)`, ROOT),
    ...["vm-files", "libvirt", "xapi"].map((folder) =>
      only(
        `${folder}-imports-no-other-toolstack`,
        `^provider/plan/toolstacks/${folder}/`,
        `${BELOW_PLAN}|^provider/plan/([^/]+\\.ts$|guards/|hide/|toolstacks/${folder}/)`,
        ROOT,
      ),
    ),
    only(
      "toolstacks-import-hide",
      "^provider/plan/toolstacks/",
      `${BELOW_PLAN}|^provider/plan/([^/]+\\.ts$|guards/|hide/|toolstacks/)`,
      ROOT,
    ),
    only("kinds-import-toolstacks", "^provider/plan/(kinds|inventory)/", `${BELOW_PLAN}|^provider/plan/`, ROOT),
    only("host-imports-nothing-above", "^provider/host/", "^provider/host/", ROOT),
    only("resources-know-no-adapter", "^provider/resources/", "^provider/(?!adapters/|index\\.ts)"),
    ...["dynamic", "plugin"].map((adapter) =>
      only(
        `${adapter}-knows-no-other-adapter`,
        `^provider/adapters/${adapter}/`,
        "^provider/(?!adapters/[^/]+/|index\\.ts)",
        `^provider/adapters/${adapter}/`,
      ),
    ),
    {
      name: "sdk-loads-only-pulumi",
      severity: "error",
      // getPciDevices asks hosts in the program's own process, and loads what it takes when it is called.
      from: { path: "^sdk/", pathNot: "^sdk/get-pci-devices\\.ts$" },
      to: { path: "^(provider|simulator|cli)/", dependencyTypesNot: ["type-only"] },
    },
    only(
      "get-pci-devices-loads-one-query",
      "^sdk/get-pci-devices\\.ts$",
      "^sdk/",
      "^provider/resources/query-pci-devices\\.ts$",
      "^provider/plan/inventory/device-info\\.ts$",
    ),
    only("simulator-stands-alone", "^simulator/", "^simulator/", "^provider/(pci|vm-text)/"),
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "only-host-and-simulator-use-sockets",
      severity: "error",
      from: { path: "^(sdk|provider|cli)/", pathNot: "^provider/host/" },
      to: { path: "^(node_modules/(ssh2|ssh-config)/|net$|node:net$|child_process$)" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
  },
};
