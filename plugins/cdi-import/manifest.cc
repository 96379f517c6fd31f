#include "plugins/cdi-import/manifest.h"

namespace tenon::cdi {

std::string manifest() {
  return R"json({
  "manifestVersion": 1,
  "name": "cdi-import",
  "version": "0.1.0",
  "capabilities": ["expand"],
  "limits": {"parallel": 4},
  "configuration": {
    "type": "object",
    "properties": {
      "directory": {
        "type": "string",
        "minLength": 1,
        "default": "./.tenon/imports",
        "description": "where the state of imports is kept; a relative path is below the working directory"
      },
      "worker": {"type": "string", "description": "the program cdi-import-worker, where it is not installed beside the plugin"},
      "qemuImg": {"type": "string", "default": "qemu-img", "description": "the program qemu-img"},
      "download": {
        "type": "object",
        "properties": {
          "connectSeconds": {"type": "integer", "minimum": 1, "description": "to reach the server; default 30"},
          "stallSeconds": {"type": "integer", "minimum": 1, "description": "without a byte until an attempt is given up; default 60"},
          "retries": {"type": "integer", "minimum": 0, "description": "attempts in a row that gain next to nothing; default 5"},
          "backoffMilliseconds": {"type": "integer", "minimum": 1, "description": "before the first retry, doubled at each further one; default 250"}
        }
      },
      "convertSeconds": {"type": "integer", "minimum": 1, "description": "for converting an image; default 3600"}
    }
  },
  "kinds": [
    {
      "group": "cdi.kubevirt.io",
      "kind": "DataVolume",
      "plural": "datavolumes",
      "shortNames": ["dv"],
      "versions": ["v1alpha1", "v1beta1"],
      "scope": "Namespaced",
      "ready": {"phases": ["Succeeded"], "failing": ["Failed"], "later": true, "timeout": "10m"},
      "populates": "claim",
      "requirements": [
        {"name": "claim", "path": "", "target": "core/PersistentVolumeClaim", "phases": ["Bound"]}
      ],
      "schema": {
        "type": "object",
        "required": ["pvc", "source"],
        "properties": {
          "source": {
            "type": "object",
            "x-exactly-one-of": ["http", "blank"],
            "x-update": "replace",
            "description": "what the disk is filled from",
            "properties": {
              "http": {
                "type": "object",
                "required": ["url"],
                "x-update": "replace",
                "description": "an image on a web server: raw or qcow2, also compressed with gzip",
                "properties": {
                  "url": {"type": "string", "minLength": 1, "x-update": "replace"},
                  "checksum": {
                    "type": "string",
                    "pattern": "^sha256:[0-9a-fA-F]{64}$",
                    "x-update": "replace",
                    "description": "of the bytes as the server sends them"
                  },
                  "secretRef": {
                    "type": "string",
                    "x-update": "replace",
                    "description": "name of a Secret; empty: none. Others are not supported yet"
                  }
                }
              },
              "blank": {"type": "object", "properties": {}, "x-update": "replace", "description": "an empty disk"}
            }
          },
          "contentType": {"type": "string", "enum": ["kubevirt"], "x-update": "replace"},
          "pvc": {
            "type": "object",
            "required": ["accessModes", "resources"],
            "description": "spec of the PersistentVolumeClaim of the same name, which the image goes into",
            "properties": {
              "accessModes": {
                "type": "array",
                "minItems": 1,
                "items": {
                  "type": "string",
                  "enum": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
                },
                "x-kubernetes-list-type": "set"
              },
              "resources": {
                "type": "object",
                "required": ["requests"],
                "properties": {
                  "requests": {
                    "type": "object",
                    "required": ["storage"],
                    "properties": {
                      "storage": {"type": "string", "format": "quantity", "minimum": 1, "x-decrease": "refuse", "description": "the disk's size"}
                    }
                  }
                }
              },
              "storageClassName": {"type": "string"},
              "volumeMode": {"type": "string", "enum": ["Filesystem", "Block"]},
              "volumeName": {"type": "string"}
            }
          }
        }
      }
    }
  ]
})json";
}

}  // namespace tenon::cdi
