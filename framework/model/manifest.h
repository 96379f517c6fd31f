// Manifest: what a plugin says about itself; the JSON is in docs/plugin-abi.md. Value types, immutable in
// use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/clock.h"
#include "framework/model/address.h"
#include "framework/model/observation.h"
#include "framework/model/schema.h"

namespace tenon {

// A reference in a spec that is an edge: which state of the target it waits for, and which operations it
// holds back.
struct RequirementRule {
  std::string name;
  std::string path;  // JSON pointer into the spec with "*" for every element; "": the own name
  KindName target;
  std::vector<std::string> phases;  // accepted; empty: the target kind's ready phases
  std::vector<Contents> contents;   // accepted; empty: any
  // Of the target: it will not get there by itself; empty: the target kind's failing phases.
  std::vector<std::string> failing;
  std::optional<Duration> timeout;  // without progress; empty: the target kind's
  std::set<std::string> guards;     // of create, update, start
};

struct ReadyRule {
  std::vector<std::string> phases;           // empty: present is ready
  std::vector<std::string> failing;          // it will not become ready by itself
  bool later = false;                        // getting there takes a while: the plan shows an await
  Duration timeout = std::chrono::hours(1);  // without progress
};

// How its objects come to be, where create is not idempotent or an object is not born with its mark.
struct CreateRule {
  // Of a create: it is sent a second time only when the first has been over for so long and nothing shows,
  // since until then it would make a second object. Empty: create is idempotent.
  std::optional<Duration> settle;
  bool marked_later = false;  // an object is there for a while, or after a crash, before it carries its mark
};

// One of the columns in which `kubectl get` shows a kind.
struct Column {
  std::string name;
  std::string path;   // JSON pointer into the object; a list map's element is named by its key
  bool wide = false;  // only with -o wide, right of the age
};

// Something that can be done to an object and is no part of its spec: restart, scrub, locate.
struct ActionRule {
  std::string name;
  std::string description;
  Schema arguments;
};

struct KindManifest {
  KindName name;
  std::vector<std::string> versions;  // the first is the hub
  std::string plural;
  std::vector<std::string> short_names;
  bool cluster_scoped = false;
  Schema schema;                          // of the hub version
  std::map<std::string, Schema> schemas;  // of other versions; one without has the hub's
  Schema outputs;                         // says what an update may change; any may be left out
  std::vector<Column> columns;            // without the name and the age; none: those that all kinds have
  ReadyRule ready;
  CreateRule create;
  bool claim = false;
  bool composite = true;  // may have children: is expanded if the plugin can
  std::string populates;  // name of the requirement whose target this kind fills; "": none
  std::vector<RequirementRule> requirements;
  std::vector<ActionRule> actions;  // of the capability "act"
};

// What a plugin uses and does not bring along.
struct Need {
  // service: it cannot be looked for; its package is the advice when an instance is not reachable.
  enum class What { program, library, service };
  What what = What::program;
  std::string name;     // "qemu-img", "libvirt.so.0", "libvirtd"
  std::string package;  // Debian's; "": none is known
  std::string reason;   // for what; may be empty
  std::string setting;  // JSON pointer into the configuration where another program may be named; "": nowhere
};

struct Manifest {
  std::string name;
  std::string version;
  std::string digest;  // of the plugin's file; "" when in process
  std::set<std::string> capabilities;
  int parallel = 1;
  int batch = 1000;
  uint64_t memory = 0;  // bytes that its host may fill; 0: unlimited
  Schema configuration;
  std::vector<KindManifest> kinds;
  std::vector<Need> needs;

  const KindManifest* find(const KindName& kind) const;
};

// invalid_argument names the place in the manifest. Unknown members are ignored.
Result<Manifest> parse_manifest(std::string_view json);

}  // namespace tenon
