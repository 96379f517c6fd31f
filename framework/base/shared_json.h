// SharedJson: a JSON value on its way through the passes, such as a spec that stands in a manifest's
// resource, a change, a call and a row of the inventory. Reads like a const Json; copies share it (shared.h).
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <utility>

#include "framework/base/json.h"
#include "framework/base/shared.h"

namespace tenon {

class SharedJson {
 public:
  SharedJson() = default;  // null
  SharedJson(Json json) : json_(json.is_null() ? Shared<Json>() : Shared<Json>(std::move(json))) {}
  SharedJson(std::nullptr_t) {}
  SharedJson(Json::initializer_list_t items) : SharedJson(Json(items)) {}
  SharedJson(const std::map<std::string, std::string>& texts)
      : SharedJson(texts.empty() ? object() : SharedJson(Json(texts))) {}
  // One without members.
  static SharedJson object() {
    static const SharedJson empty = Json::object();
    return empty;
  }

  const Json& operator*() const { return *json_; }
  const Json* operator->() const { return &*json_; }
  operator const Json&() const { return *json_; }
  // This copy's own, to be changed.
  Json& edit() { return json_.edit(); }

  bool is_null() const { return json_->is_null(); }
  bool is_object() const { return json_->is_object(); }
  bool empty() const { return json_->empty(); }
  size_t size() const { return json_->size(); }
  std::string dump() const { return json_->dump(); }
  template <typename Key>
  bool contains(const Key& key) const {
    return json_->contains(key);
  }
  // Throws where there is none, as at() does.
  template <typename Key>
  const Json& at(const Key& key) const {
    return json_->at(key);
  }
  template <typename Key>
  const Json& operator[](const Key& key) const {
    return json_->at(key);
  }
  template <typename Key, typename T>
  auto value(const Key& key, const T& otherwise) const {
    return json_->value(key, otherwise);
  }
  template <typename T>
  T get() const {
    return json_->get<T>();
  }

  friend bool operator==(const SharedJson& a, const SharedJson& b) {
    return a.json_.shares_with(b.json_) || *a == *b;
  }
  friend bool operator==(const SharedJson& a, const Json& b) { return *a == b; }
  friend std::ostream& operator<<(std::ostream& out, const SharedJson& json) { return out << *json; }

 private:
  Shared<Json> json_;
};

}  // namespace tenon
