// One YAML document to JSON, and back to places in its text. This folder alone includes yaml-cpp. Pure
// functions; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framework/base/json.h"

namespace tenon {

// Within a document, from 1; columns in bytes.
struct Place {
  int line = 1;
  int column = 1;
};

// Where a value and its key stand. Elements of lists and the root have their own place as key.
struct NodePlaces {
  Place key;
  Place value;
};

Place place_at(std::string_view text, size_t offset);

// By JSON pointer; of a key that is there twice, the first.
using PlaceMap = std::unordered_map<std::string, NodePlaces>;

struct YamlProblem {
  Place place;
  std::string summary;
  std::string detail;
  std::optional<Place> first;  // of a key that is there twice
};

// Of a document; values and keys as they are written, before aliases copy any.
inline constexpr size_t kMaximumDepth = 128;
inline constexpr size_t kMaximumValues = 500000;
inline constexpr size_t kMaximumKey = 1024;  // bytes

// What a document took, whether it was refused or not.
struct DocumentCost {
  size_t values = 0;
  size_t expansion = 0;  // what aliases copied, in bytes of text plus a charge for every value
};

// Nothing when there are problems. null: the document is empty. Work and memory are bounded whatever aliases
// do.
std::optional<Json> parse_yaml(std::string_view text, std::vector<YamlProblem>& problems,
                               DocumentCost* cost = nullptr);

// All places up to the first syntax error. What an alias or a merge key brings in has only the place of the
// alias. wanted: only of this pointer and those above it, which takes no memory for the others.
PlaceMap find_places(std::string_view text, std::optional<std::string_view> wanted = {});

}  // namespace tenon
