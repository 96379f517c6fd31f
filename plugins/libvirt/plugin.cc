#include "plugins/libvirt/backend.h"

namespace {

const char kManifest[] =
#include "plugins/libvirt/manifest.inc"
    ;

}  // namespace

TENON_PLUGIN(tenon::libvirt::LibvirtBackend, kManifest)
