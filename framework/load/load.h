// Pass 1: YAML and JSON text → documents, and documents → resources. All problems at once, each at
// file:line:column.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/base/json.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"

namespace tenon {

// One document of a text: a JSON value and where it came from.
struct Document {
  Json value;
  std::shared_ptr<const SourceMap> source;
};

// The documents of a text, YAML (1.2 core schema for plain scalars) or JSON; empty documents are left out.
// name is the file name for diagnostics, "-" for standard input. Duplicate keys, bad UTF-8, tabs as
// indentation, and limits (3 MiB a document, depth 128, bounded alias expansion) are errors; a document with
// an error is left out. All documents together are bounded, too (budget.h): at the first that is too much for
// that there is an error, and it and what follows are left out.
std::vector<Document> load_text(std::string name, std::string text, Diagnostics& diagnostics);

// -f FILE|DIR|-: a directory gives its *.yaml, *.yml and *.json files by name, not recursively. The bounds of
// load_text hold for all of them together.
std::vector<Document> load_paths(const std::vector<std::string>& paths, Diagnostics& diagnostics);

// Checks apiVersion, kind, metadata and the document's own fields; `status` and server-set metadata are
// ignored with a note; kind List is taken apart. Resources come in the order written, not yet validated
// against a schema; those with problems too where kind and name are known, so that the next pass finds the
// rest. A v1 Secret is no resource: it goes to `secrets`, and no message shows a value of it.
std::vector<Resource> to_resources(std::vector<Document> documents, std::string_view default_namespace,
                                   Diagnostics& diagnostics, std::vector<SecretDocument>* secrets = nullptr);

}  // namespace tenon
