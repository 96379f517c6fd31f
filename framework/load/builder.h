// Makes JSON of the events of one document: values, core tags, anchors, merge keys, and their limits.
// Internal to this folder; one thread.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framework/base/json.h"
#include "framework/load/yaml.h"

namespace tenon {

// Throws Refused (events.h) at what no further event can mend; keys that are there twice go to problems.
class Builder final : public YAML::EventHandler {
 public:
  // text: of the whole document, to find the first of two equal keys.
  Builder(std::string_view text, std::vector<YamlProblem>& problems) : text_(text), problems_(problems) {}

  Json take() { return std::move(root_); }
  const DocumentCost& cost() const { return cost_; }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  struct Frame {
    Json* value;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    size_t weight;                     // when it was opened
    const std::string* key = nullptr;  // the last
    Json* slot = nullptr;              // for the value of the key
    std::unique_ptr<Json> merged;      // the value of <<
    YAML::Mark merge_mark;
    std::unique_ptr<Json> discarded;  // the value of a key that is there twice
  };

  struct Anchor {
    Json value;
    size_t weight;
  };

  bool wants_key() const;
  Json* slot();
  void value(const YAML::Mark& mark, Json value, YAML::anchor_t anchor, size_t size);
  void key(const YAML::Mark& mark, const std::string& tag, const std::string& text);
  void merge_key(const YAML::Mark& mark);
  void duplicate(const YAML::Mark& mark, const std::string& text);
  std::string pointer() const;
  void open(const YAML::Mark& mark, Json empty, YAML::anchor_t anchor);
  void close();
  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const Json& value, size_t weight);
  void count(const YAML::Mark& mark);
  void charge(const YAML::Mark& mark, size_t weight);
  void merge(Frame& frame);

  std::string_view text_;
  std::vector<YamlProblem>& problems_;
  Json root_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::optional<PlaceMap> places_;
  DocumentCost cost_;
  size_t weight_ = 0;
  bool started_ = false;
};

}  // namespace tenon
