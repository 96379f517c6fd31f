#include "plugins/local/manifest.h"

namespace tenon::local {

std::string manifest() {
  return R"json({
  "manifestVersion": 1,
  "name": "local",
  "version": "0.1.0",
  "limits": {"parallel": 4},
  "configuration": {
    "type": "object",
    "properties": {
      "directory": {
        "type": "string",
        "minLength": 1,
        "default": "./.tenon/volumes",
        "description": "where the claims are kept; a relative path is below the working directory"
      }
    }
  },
  "kinds": [
    {
      "group": "core",
      "kind": "PersistentVolumeClaim",
      "plural": "persistentvolumeclaims",
      "shortNames": ["pvc"],
      "versions": ["v1"],
      "scope": "Namespaced",
      "claim": true,
      "ready": {"phases": ["Bound"]},
      "schema": {
        "type": "object",
        "required": ["accessModes", "resources"],
        "properties": {
          "accessModes": {
            "type": "array",
            "minItems": 1,
            "items": {
              "type": "string",
              "enum": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
            },
            "x-kubernetes-list-type": "set",
            "x-update": "refuse",
            "description": "how the volume may be attached; a local directory meets all of them"
          },
          "resources": {
            "type": "object",
            "required": ["requests"],
            "properties": {
              "requests": {
                "type": "object",
                "required": ["storage"],
                "properties": {
                  "storage": {
                    "type": "string",
                    "format": "quantity",
                    "minimum": 1,
                    "x-decrease": "refuse",
                    "description": "the disk's size; it may grow while in use and never shrinks"
                  }
                }
              }
            }
          },
          "storageClassName": {
            "type": "string",
            "x-update": "refuse",
            "description": "kept as written; a local directory has one class of storage"
          },
          "volumeMode": {"type": "string", "enum": ["Filesystem"], "x-update": "refuse"},
          "volumeName": {
            "type": "string",
            "x-update": "refuse",
            "description": "kept as written; the directory is named after the claim"
          }
        }
      }
    }
  ]
})json";
}

}  // namespace tenon::local
