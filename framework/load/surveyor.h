// Notes where the values of one document stand. Internal to this folder; one thread.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/load/yaml.h"

namespace tenon {

// Throws Refused (events.h) when it is too deep, or the pointers become too long: what was noted is kept.
class Surveyor final : public YAML::EventHandler {
 public:
  // wanted: only this pointer and those above it.
  explicit Surveyor(std::optional<std::string_view> wanted) : wanted_(wanted) {}

  PlaceMap take() { return std::move(places_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { leaf(mark, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { leaf(mark, "*"); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    leaf(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, false);
  }
  void OnSequenceEnd() override { stack_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, true);
  }
  void OnMapEnd() override { stack_.pop_back(); }

 private:
  struct Frame {
    std::optional<std::string> pointer;  // nothing: not wanted, and nothing below it
    bool is_map;
    bool has_key = false;
    size_t index = 0;
    std::string key;
    Place key_place;
  };

  void leaf(const YAML::Mark& mark, const std::string& text);
  std::optional<std::string> note(const YAML::Mark& mark);
  std::optional<std::string> keep(std::string pointer, const NodePlaces& places);
  void open(const YAML::Mark& mark, bool is_map);

  std::optional<std::string_view> wanted_;
  PlaceMap places_;
  std::vector<Frame> stack_;
  size_t total_ = 0;  // bytes of all pointers
};

}  // namespace tenon
