// @ts-check
/**
 * What lets `pulumi` run by itself and offline, with all that it keeps in these folders.
 *
 * @param {{ readonly home: string, readonly backend: string }} folders
 */
function pulumiEnvironment({ home, backend }) {
  return {
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_SUPPRESS_NEO_LINK: "true",
  };
}

module.exports = { pulumiEnvironment };
