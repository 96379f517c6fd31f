/* A shared object that is no plugin. */
__attribute__((visibility("default"))) int tenon_plugin_v0(void) { return 0; }
