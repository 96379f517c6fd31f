#include "plugins/libvirt/backend.h"
#include "plugins/libvirt/manifest.h"

TENON_PLUGIN(tenon::libvirt::LibvirtBackend, kManifest)
