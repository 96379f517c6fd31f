/* A plugin for a version of the interface that is not there yet. */
__attribute__((visibility("default"))) int tenon_plugin_v2(void) { return 0; }
