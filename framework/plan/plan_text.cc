#include "framework/base/json_text.h"
#include "framework/base/ranges.h"
#include "framework/model/secrets.h"
#include "framework/plan/plan_file.h"

namespace tenon {
namespace {

// Items per thread below which another thread does not pay.
constexpr size_t kWorthAThread = 500;

// Members stand in the order of their names.
class Writer {
 public:
  explicit Writer(const Catalog& catalog) : catalog_(catalog) {}

  std::string write(const Plan& plan) {
    out_.begin_object();
    out_.key("changes");
    write_list(parts_of(plan.changes));
    write_list("externals", plan.externals);
    out_.key("fingerprints");
    out_.begin_object();
    for (const auto& [address, print] : plan.fingerprints) out_.member(to_string(address), print);
    out_.end_object();
    out_.member("formatVersion", kPlanFormatVersion);
    out_.member("inventory", plan.inventory);
    // Whether anything in them is masked is told before them.
    const std::vector<Part> steps = parts_of(plan.steps);
    if (masked_) out_.member("masked", true);
    out_.member("notes", plan.notes);
    out_.member("plugins", plan.plugins);
    if (!plan.secrets.empty()) write_list("secrets", plan.secrets);
    if (!plan.set.empty()) out_.member("set", plan.set);
    out_.key("steps");
    write_list(steps);
    out_.end_object();
    return std::move(out_).take();
  }

 private:
  template <typename Item>
  void write_list(const char* name, const std::vector<Item>& items) {
    out_.key(name);
    out_.begin_list();
    for (const Item& item : items) add(item);
    out_.end_list();
  }

  // Some of a long list.
  struct Part {
    std::string text;  // of the list, with its brackets
    bool masked = false;
  };

  template <typename Item>
  std::vector<Part> parts_of(const std::vector<Item>& items) {
    const auto write = [&](size_t begin, size_t end, Part& part) {
      Writer writer(catalog_);
      writer.out_.begin_list();
      for (size_t i = begin; i < end; ++i) writer.add(items[i]);
      writer.out_.end_list();
      part = {std::move(writer.out_).take(), writer.masked_};
    };
    std::vector<Part> parts = in_ranges<Part>(items.size(), kWorthAThread, write);
    for (const Part& part : parts) masked_ |= part.masked;
    return parts;
  }

  void write_list(const std::vector<Part>& parts) {
    out_.begin_list();
    for (const Part& part : parts)
      if (const auto inside = std::string_view(part.text).substr(1, part.text.size() - 2); !inside.empty())
        out_.raw(inside);
    out_.end_list();
  }

  void add(const Address& address) { out_.value(to_string(address)); }

  void add(const Change& change) {
    out_.begin_object();
    out_.member("action", to_string(change.action));
    out_.member("address", to_string(change.address));
    out_.member("demands", to_json(change.demands));
    out_.member("desired", shown(change.address, change.desired));
    write_list("fields", change.fields);
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
    if (!step.found.is_null()) out_.member("found", shown(step.address, step.found));
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

  // A spec without the secrets in it.
  Json shown(const Address& address, Json spec) {
    const KindManifest* kind = catalog_.find(address);
    if (kind && mask_secrets(kind->schema, spec, Mask::values)) masked_ = true;
    return spec;
  }

  const Catalog& catalog_;
  JsonText out_;
  bool masked_ = false;
};

}  // namespace

std::string plan_text(const Plan& plan, const Catalog& catalog) { return Writer(catalog).write(plan); }

Json to_json(const Plan& plan, const Catalog& catalog) { return Json::parse(plan_text(plan, catalog)); }

}  // namespace tenon
