// Observation: what a backend says exists now. Value types; JSON shapes in docs/plugin-abi.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"

namespace tenon {

// absent needs a complete and authorised answer; everything else that is not present is unknown.
enum class Existence { present, absent, unknown };

// Of claims: whether the user's data is in it. unspecified: the kind has no contents.
enum class Contents { unspecified, none, incomplete, populated };

std::string_view to_string(Existence existence);
std::string_view to_string(Contents contents);
// "none", "incomplete", "populated"; anything else is unspecified.
Contents parse_contents(std::string_view text);

// What an object carries in its backend to say whose it is.
struct Mark {
  std::string inventory;  // UUID
  std::string address;    // text, because a foreign one need not be an address of ours
  std::string nonce;
  std::string generation;

  friend bool operator==(const Mark&, const Mark&) = default;
};

struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;

  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Observation {
  Existence existence = Existence::absent;
  std::optional<Error> error;  // when unknown
  std::string phase;
  std::string reason;   // why it is in that phase: one CamelCase word
  std::string message;  // the same as a sentence
  std::string identity;
  std::optional<Mark> mark;
  SharedJson actual;  // shaped like the spec; null when absent
  SharedJson outputs = SharedJson::object();
  std::optional<double> progress;  // 0 to 1
  Contents contents = Contents::unspecified;
  bool busy = false;       // somebody works on it now
  bool resumable = false;  // unfinished, and create with the same nonce goes on
  std::vector<std::string> users;
  std::vector<Condition> conditions;
  std::vector<std::string> notes;
};

Observation unknown_observation(Error error);

Json to_json(const Observation& observation);
// internal: the plugin's answer has not the documented shape; the message says where.
Result<Observation> observation_from_json(const Json& json);

// The generation of a spec as it is sent: a digest, compared for equality and never taken apart.
std::string generation_of(const Json& spec);

}  // namespace tenon
