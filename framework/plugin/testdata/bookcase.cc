// A plugin for tests that says what it has room for, checks changes and converts versions.
#include <map>
#include <mutex>

#include "framework/plugin/plugin_sdk.h"

namespace {

using namespace tenon::sdk;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "bookcase", "version": "1", "capabilities": ["check", "convert"],
  "limits": {"batch": 2},
  "kinds": [{"group": "test.tenon.dev", "kind": "Book", "plural": "books", "versions": ["v2", "v1"],
             "schema": {"type": "object", "properties": {"width": {"type": "integer"}}}}]
})";

// One shelf; books are present once they were created, and lost with the plugin.
class Bookcase final : public Backend {
 public:
  Observation observe(const Resource& book, const Call&) override {
    const std::lock_guard lock(mutex_);
    Observation seen;
    if (const auto found = widths_.find(book.address); found != widths_.end()) {
      seen.existence = "present";
      seen.actual = {{"width", found->second}};
    }
    return seen;
  }
  Outcome create(const Resource& book, const Call&) override {
    const std::lock_guard lock(mutex_);
    widths_[book.address] = book.desired.value("width", 0);
    return {};
  }
  Outcome update(const Resource& book, const Call& call) override { return create(book, call); }
  Outcome remove(const Resource&, const Call&) override { return {}; }

  Json pools(const Call&) override {
    const std::lock_guard lock(mutex_);
    int64_t taken = 0;
    for (const auto& [address, width] : widths_) taken += width;
    if (taken > 100) throw Failure("internal", "the shelf has come down");
    return {{"shelf", {{"capacity", 100}, {"free", 100 - taken}, {"unit", "mm"}}}};
  }

  Check check(const Change& change, const Json& pools) override {
    if (change.is_unknown("/width")) return {.unchecked = "how wide it is"};
    const int64_t width = change.desired.value("width", 0);
    if (width < 0) throw Failure("invalid_argument", "no book is that thin");
    if (width > pools.at("shelf").at("capacity"))
      return {.refusal = "it is wider than the shelf", .remedy = "cut it"};
    return {.demands = {{"shelf", width}}};
  }

  Json convert(const std::string& address, const std::string& from, const std::string& to,
               const Json& spec) override {
    if (from != "v1" || to != "v2") throw Failure("internal", "asked for what is not needed");
    if (!spec.contains("centimetres")) throw Failure("invalid_argument", address + " has no centimetres");
    return {{"width", spec["centimetres"].get<int>() * 10}};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int64_t> widths_;
};

}  // namespace

TENON_PLUGIN(Bookcase, kManifest)
