#include <algorithm>
#include <map>

#include "framework/base/json_text.h"
#include "framework/base/ranges.h"
#include "framework/model/secrets.h"
#include "framework/plan/plan_file.h"

namespace tenon {
namespace {

// Items per thread below which another thread does not pay.
constexpr size_t kWorthAThread = 500;
// By so many bytes items of one list differ, about.
constexpr size_t kDifference = 100;
// Bytes of one, with its address, about.
constexpr size_t kFingerprint = 150;

bool has_secrets(const Schema* schema) {
  if (!schema) return false;
  return schema->secret || has_secrets(schema->items.get()) || has_secrets(schema->additional.get()) ||
         std::any_of(schema->properties.begin(), schema->properties.end(),
                     [](const auto& property) { return has_secrets(&property.second); });
}

enum class For { applying, record };

// Members stand in the order of their names.
class Writer {
 public:
  Writer(const Catalog& catalog, For purpose) : catalog_(catalog), purpose_(purpose) {}

  std::string write(const Plan& plan) {
    const auto told = [this](const Change& change) { return is_told(change); };
    const auto changes = std::count_if(plan.changes.begin(), plan.changes.end(), told);
    out_.reserve(static_cast<size_t>(changes) * size_of_one(plan.changes) +
                 plan.steps.size() * size_of_one(plan.steps) +
                 (purpose_ == For::applying ? plan.fingerprints.size() * kFingerprint : 0));
    out_.begin_object();
    write_long_list("changes", plan.changes);
    write_list("externals", plan.externals);
    out_.key("fingerprints");
    out_.begin_object();
    if (purpose_ == For::applying)
      for (const auto& [address, print] : plan.fingerprints) out_.member(to_string(address), print);
    out_.end_object();
    out_.member("formatVersion", kPlanFormatVersion);
    out_.member("inventory", plan.inventory);
    if (masked_ || masks_any(plan.steps)) out_.member("masked", true);
    out_.member("notes", plan.notes);
    out_.member("plugins", plan.plugins);
    if (!plan.secrets.empty()) write_list("secrets", plan.secrets);
    if (!plan.set.empty()) out_.member("set", plan.set);
    write_long_list("steps", plan.steps);
    out_.end_object();
    return std::move(out_).take();
  }

 private:
  template <typename Item>
  void write_list(const char* name, const std::vector<Item>& items) {
    out_.key(name);
    out_.begin_list();
    add_all(items, 0, items.size());
    out_.end_list();
  }

  template <typename Item>
  void add_all(const std::vector<Item>& items, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) add(items[i]);
  }

  void add_all(const std::vector<Change>& changes, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      if (is_told(changes[i])) add(changes[i]);
  }

  bool is_told(const Change& change) const {
    return purpose_ == For::applying || change.action != Action::none;
  }

  // Some of a long list.
  struct Part {
    std::string text;
    bool masked = false;
  };

  // By several threads; the first part is written where it belongs.
  template <typename Item>
  void write_long_list(const char* name, const std::vector<Item>& items) {
    out_.key(name);
    out_.begin_list();
    const auto write = [&](size_t begin, size_t end, Part& part) {
      if (begin == 0) return add_all(items, begin, end);
      Writer writer(catalog_, purpose_);
      writer.out_.reserve(size_of_one(items) * (end - begin));
      writer.add_all(items, begin, end);
      part = {std::move(writer.out_).take(), writer.masked_};
    };
    for (const Part& part : in_ranges<Part>(items.size(), kWorthAThread, write)) {
      masked_ |= part.masked;
      if (!part.text.empty()) out_.raw(part.text);
    }
    out_.end_list();
  }

  // As if all were about as long as the one in the middle.
  template <typename Item>
  size_t size_of_one(const std::vector<Item>& items) const {
    if (items.empty()) return 0;
    Writer writer(catalog_, purpose_);
    writer.add(items[items.size() / 2]);
    return writer.out_.size() + kDifference;
  }

  void add(const Address& address) { out_.value(to_string(address)); }

  void add(const Change& change) {
    out_.begin_object();
    out_.member("action", to_string(change.action));
    out_.member("address", to_string(change.address));
    out_.member("demands", to_json(change.demands));
    out_.key("desired");
    add_spec(change.address, change.desired);
    static const std::vector<FieldChange> untold;
    write_list("fields", purpose_ == For::applying ? change.fields : untold);
    out_.member("instance", change.instance);
    out_.member("notes", change.notes);
    out_.member("operations", change.operations);
    out_.key("origin");
    add(change.origin);
    if (change.parent) out_.member("parent", to_string(*change.parent));
    out_.member("reasons", change.reasons);
    if (change.refusal) {
      out_.key("refusal");
      add(*change.refusal);
    }
    out_.end_object();
  }

  void add(const FieldChange& field) {
    const auto side = [&field](const Json& value) {
      return field.secret && !value.is_null() ? Json(kMasked) : value;
    };
    out_.begin_object();
    out_.member("after", side(field.after));
    out_.member("before", side(field.before));
    out_.member("drift", field.drift);
    out_.member("knownAfterApply", field.known_after_apply);
    out_.member("pointer", field.pointer);
    out_.member("secret", field.secret);
    out_.end_object();
  }

  void add(const Position& position) {
    out_.begin_object();
    out_.member("column", position.column);
    out_.member("file", position.file);
    out_.member("line", position.line);
    out_.end_object();
  }

  void add(const Refusal& refusal) {
    out_.begin_object();
    out_.member("approval", refusal.approval);
    out_.member("reason", refusal.reason);
    out_.member("remedy", refusal.remedy);
    out_.end_object();
  }

  void add(const Step& step) {
    out_.begin_object();
    out_.member("address", to_string(step.address));
    out_.member("after", step.after);
    out_.member("annotations", *step.annotations);
    if (step.await) {
      out_.key("await");
      add(*step.await);
    }
    out_.member("defaulted", step.defaulted);
    write_list("dependencies", step.dependencies);
    if (!step.found.is_null()) {
      out_.key("found");
      add_spec(step.address, step.found);
    }
    if (step.from) out_.member("from", to_string(*step.from));
    out_.member("guardedDelete", step.guarded_delete);
    write_list("guards", step.guards);
    if (!step.identity.empty()) out_.member("identity", step.identity);
    out_.member("instance", step.instance);
    out_.member("kind", to_string(step.kind));
    out_.member("labels", *step.labels);
    out_.member("nonce", step.nonce);
    out_.member("operations", step.operations);
    if (step.parent) out_.member("parent", to_string(*step.parent));
    out_.member("reason", step.reason);
    out_.member("unchecked", step.unchecked);
    out_.end_object();
  }

  void add(const Await& await) {
    out_.begin_object();
    out_.key("contents");
    out_.begin_list();
    for (Contents contents : await.contents) out_.value(to_string(contents));
    out_.end_list();
    out_.member("failing", await.failing);
    out_.member("generation", await.generation);
    out_.member("phases", await.phases);
    out_.member("target", to_string(await.target));
    out_.member("timeoutMs", int64_t{await.timeout.count()});
    out_.end_object();
  }

  void add(const SecretSource& source) {
    out_.begin_object();
    out_.member("address", to_string(source.address));
    out_.member("file", source.file);
    out_.member("handle", source.handle);
    if (!source.pointer.empty()) out_.member("pointer", source.pointer);
    out_.end_object();
  }

  // Without the secrets in it.
  void add_spec(const Address& address, const SharedJson& spec) {
    const KindManifest* kind = secretive_kind(address);
    if (!kind) return out_.value(*spec);
    Json shown = *spec;
    masked_ |= mask_secrets(kind->schema, shown, Mask::values);
    out_.value(shown);
  }

  // Told before they are written.
  bool masks_any(const std::vector<Step>& steps) const {
    Writer writer(catalog_, purpose_);
    for (const Step& step : steps)
      if (!step.found.is_null() && writer.secretive_kind(step.address))
        writer.add_spec(step.address, step.found);
    return writer.masked_;
  }

  // Null: it has no secrets.
  const KindManifest* secretive_kind(const Address& address) {
    const KindManifest* kind = catalog_.find(address);
    if (!kind) return nullptr;
    const auto [known, is_new] = secretive_.emplace(kind, false);
    if (is_new) known->second = has_secrets(&kind->schema);
    return known->second ? kind : nullptr;
  }

  const Catalog& catalog_;
  const For purpose_;
  JsonText out_;
  bool masked_ = false;
  std::map<const KindManifest*, bool> secretive_;
};

}  // namespace

std::string plan_text(const Plan& plan, const Catalog& catalog) {
  return Writer(catalog, For::applying).write(plan);
}

std::string record_text(const Plan& plan, const Catalog& catalog) {
  return Writer(catalog, For::record).write(plan);
}

Json to_json(const Plan& plan, const Catalog& catalog) { return Json::parse(plan_text(plan, catalog)); }

}  // namespace tenon
